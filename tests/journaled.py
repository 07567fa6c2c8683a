"""Makes the database refuse a commit that changes what matters and tells nobody.

Money, states, rights, credentials, secrets and configuration: whoever changes one of
them has written a record of the journal in the same transaction, or the commit fails.
It holds in every test. One that rolls back its only transaction is asked at its end,
so there any record will do; where tests commit, each commit is asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tests.application import as_owner

# Table: the columns whose change alone need not be told, each for the reason above it.
# A column that comes anew is watched until somebody writes it down here.
WATCHED: dict[str, tuple[str, ...]] = {
    # -- accounts
    # When somebody signed in is what the record of the sign-in says.
    "accounts_user": ("last_login", "updated_at"),
    "accounts_role": (),
    "accounts_permission": (),
    "accounts_role_permissions": (),
    "accounts_grant": (),
    "accounts_serviceclient": (),
    # Written at every request of a machine, by the minute.
    "accounts_clientkey": ("last_used_at",),
    "accounts_refreshfamily": (),
    "accounts_secondstep": (),
    # `data` also keeps which code was taken last.
    "mfa_authenticator": ("data", "last_used_at"),
    # -- audit
    # How far the pruning has come; the request and its approval are records.
    "audit_prunerequest": ("pruned_to", "pruned_at", "pruning_in"),
    # What the verification saw so far.
    "audit_look": ("begun_at", "seen", "size", "ended_at", "findings"),
    "audit_subjectkey": (),
    # -- banking
    # How often it failed and when it is probed; open is what has a reason.
    "banking_circuit": (
        "failures",
        "openings",
        "opened_at",
        "retry_at",
        "prober",
        "probing_until",
    ),
    # -- notifications
    # Since when it has been failing follows from its deliveries.
    "notifications_endpoint": ("failing_since",),
    # -- ledger
    "ledger_account": (),
    "ledger_balance": (),
    "ledger_closing": (),
    "ledger_closure": (),
    "ledger_hold": (),
    "ledger_holdend": (),
    # For whoever watches the progress; they prove nothing.
    "ledger_import": ("rows_done", "attempts"),
    "ledger_transfer": (),
    # -- transactions
    "transactions_transaction": (
        # What the bank showed and why the state is still the same: seen, not decided.
        # The step that follows from it is a record.
        "status_reason",
        "details",
        "candidates",
        "comparison",
        "updated_at",
        # Made of the others.
        "search_text",
        "search",
    ),
    "transactions_bankcredit": (),
    "transactions_erasurerequest": (),
    "transactions_transactionevent": (),
}

# Table: why it may change without a record.
UNWATCHED = {
    # -- accounts
    "accounts_attempt": "counts what is journaled already, so that it is not too often",
    "accounts_letter": "a queue; what a letter tells of is a record",
    "accounts_refreshtoken": "carries a sign-in on; beginning and end are its family's",
    "accounts_usednonce": "forgotten when its signature would not count any more",
    # -- areamedica
    "api_storedanswer": "an answer for whoever asks twice, forgotten after a day",
    # -- audit
    "audit_record": "the journal",
    "audit_leaf": "made of the journal",
    "audit_tile": "made of the leaves",
    "audit_checkpoint": "made of the leaves and signed",
    "audit_cosignature": "what a witness said, signed by it",
    "audit_consumer": "how far a reader has come",
    "audit_heldevent": "a queue of leaves; that a person has one tried again is told",
    "audit_verification": "what a look found",
    "audit_shadow": "made of the journal",
    "audit_replay": "what a replay found",
    # -- banking
    "banking_askbudget": "when was asked last",
    "banking_bankquestion": "evidence itself, written before it is asked",
    "banking_slot": "who asks just now",
    # -- notifications
    "notifications_delivery": "a queue of what the journal tells",
    # -- ledger
    "ledger_proof": "what the nightly proof found",
    # -- transactions
    "transactions_inquiry": "a queue; what the bank answers moves the transaction",
    # -- the libraries' own, which nothing of ours asks for rights
    "account_emailaddress": "never written",
    "account_emailconfirmation": "never written",
    "auth_group": "never written: rights are roles and grants",
    "auth_group_permissions": "never written",
    "auth_permission": "made by migrations, asked by nobody",
    "axes_accessattempt": "counts failed sign-ins; each is a record",
    "axes_accessattemptexpiration": "as above",
    "axes_accessfailurelog": "as above",
    "axes_accesslog": "never written (AXES_DISABLE_ACCESS_LOG)",
    "django_admin_log": "never read; the journal is ours",
    "django_content_type": "made by migrations",
    "django_session": "what a browser holds; signing in and out are records",
}

# Rows that come or go without a record, for the reason above.
_NO_RECORD_OF = {
    # The bank's one row, closed, is made when it is first asked; nothing deletes it.
    "banking_circuit": ("INSERT", "DELETE"),
    # What has run out is swept away; it was ended by its date.
    "accounts_refreshfamily": ("DELETE",),
    "accounts_secondstep": ("DELETE",),
}
_DEMAND = """
CREATE OR REPLACE FUNCTION demand_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM audit_record
         WHERE epoch IN (0, 1, 2) AND xid = pg_current_xact_id()
    ) THEN
        RAISE EXCEPTION '% of % without a record of the journal', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'data_exception';
    END IF;
    RETURN NULL;
END
$$
"""
# Unlike the function, the condition is looked at when the row is changed.
_WATCH = """
DROP TRIGGER IF EXISTS demand_record_of_{name} ON {table};
CREATE CONSTRAINT TRIGGER demand_record_of_{name} AFTER {operations}
    ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (current_setting('tests.staging', true) IS DISTINCT FROM 'on' {condition})
    EXECUTE FUNCTION demand_record()
"""
_STANDING = """
SELECT tgrelid::regclass, tgname FROM pg_trigger
 WHERE tgname LIKE 'demand_record_of_%%' AND tgrelid::regclass::text = ANY(%s)
"""


def watch() -> None:
    """From now on no commit on this database may keep silent."""
    with connection.cursor() as cursor:
        cursor.execute(_DEMAND)
        for table, quiet in WATCHED.items():
            for statement in _triggers(cursor, table, quiet):
                cursor.execute(statement)


def _triggers(cursor: Any, table: str, quiet: tuple[str, ...]) -> Iterator[str]:
    found = connection.introspection.get_table_description(cursor, table)
    names = [each.name for each in found if each.name not in quiet]
    was, now = (", ".join(f"{row}.{name}" for name in names) for row in ("OLD", "NEW"))
    yield _WATCH.format(
        name="change",
        operations="UPDATE",
        table=table,
        condition=f"AND ROW({was}) IS DISTINCT FROM ROW({now})",
    )
    for each in {"INSERT", "DELETE"}.difference(_NO_RECORD_OF.get(table, ())):
        yield _WATCH.format(name=each, operations=each, table=table, condition="")


@contextmanager
def staged() -> Iterator[None]:
    """What a test only sets up needs no record."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('tests.staging', true), '')")
        [before] = cursor.fetchone()
        cursor.execute("SET tests.staging = 'on'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('tests.staging', %s, false)", [before])


@contextmanager
def unheard(*tables: str) -> Iterator[None]:
    """Whatever anybody does to these tables, in any process, needs no record."""
    _let_triggers("DISABLE", tables)
    try:
        yield
    finally:
        _let_triggers("ENABLE", tables)


def _let_triggers(stand: str, tables: tuple[str, ...]) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_STANDING, [list(tables)])
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} {stand} TRIGGER {trigger}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def unguarded(*tables: str) -> Iterator[CursorWrapper]:
    """SQL of somebody who owns these tables: no guard of theirs stands, nobody is told.

    What is demanded at commit is demanded before, for a table is not altered meanwhile.
    """
    off, on = (
        ";".join(
            f"ALTER TABLE {table} {stand} TRIGGER {guard}"
            for table in tables
            for guard in ("append_only_rows", "append_only_table")
        )
        for stand in ("DISABLE", "ENABLE ALWAYS")
    )
    with as_owner(), staged(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {off}")
        try:
            yield cursor
        finally:
            cursor.execute(f"{on}; SET CONSTRAINTS ALL DEFERRED")
