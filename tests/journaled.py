"""Makes the database refuse a commit that changes what matters and tells nobody.

Money, states, rights, credentials and configuration: whoever changes one of them has
written a record of the journal in the same transaction, or the commit fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Table: the columns whose change matters; none: every change does.
WATCHED = {
    "transactions_transaction": (
        "status, amount, claimed_amount, reference, operation_date, created_by_id,"
        "corrected_by_id, first_approver_id, decided_by_id, completed_at, deleted_at,"
        "customer_full_name, customer_document, customer_phone"
    ),
    "transactions_bankcredit": "",
    "transactions_transactionevent": "",
    "ledger_transfer": "",
    "ledger_account": "",
    "ledger_balance": "is_frozen",
    "accounts_user": "email, password, is_active, is_superuser, role_id, is_verified",
    "accounts_role_permissions": "",
    "accounts_grant": "",
    "accounts_serviceclient": "",
    "accounts_clientkey": "digest, revoked_at, expires_at",
    # `data` also keeps which code was taken last.
    "mfa_authenticator": "type, user_id",
}
_DEMAND = """
CREATE FUNCTION demand_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('tests.staging', true) IS DISTINCT FROM 'on' AND NOT EXISTS (
        SELECT 1 FROM audit_record WHERE epoch = 0 AND xid = pg_current_xact_id()
    ) THEN
        RAISE EXCEPTION '% of % without a record of the journal', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'data_exception';
    END IF;
    RETURN NULL;
END
$$
"""
_HELD = """
INSERT INTO accounts_role_permissions (role_id, permission_id) VALUES (%s, %s)
"""
_WATCH = """
CREATE CONSTRAINT TRIGGER demand_record AFTER INSERT OR UPDATE {columns} OR DELETE
    ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION demand_record()
"""


@contextmanager
def demanded() -> Iterator[None]:
    """While the block lasts no commit may keep silent."""
    with connection.cursor() as cursor:
        cursor.execute(_DEMAND)
        for table, columns in WATCHED.items():
            of = f"OF {columns}" if columns else ""
            cursor.execute(_WATCH.format(table=table, columns=of))
        cursor.execute("SELECT role_id, permission_id FROM accounts_role_permissions")
        held = cursor.fetchall()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION demand_record CASCADE")
            # Migrations fill this table; between tests it is not emptied.
            cursor.execute("DELETE FROM accounts_role_permissions")
            cursor.executemany(_HELD, held)


@contextmanager
def staged() -> Iterator[None]:
    """What a test only sets up needs no record."""
    with connection.cursor() as cursor:
        cursor.execute("SET tests.staging = 'on'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET tests.staging = 'off'")
