"""Whoever broke into the application, its password in hand, and what the database says.

What it cannot refuse stands in docs/operations.md.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from areamedica.devstack.servers import APPLICATION, DATABASE, application_password
from audit.checks import GUARDED as OF_THE_JOURNAL
from ledger.services.proof import GUARDED as OF_THE_BOOKS
from tests import application

pytestmark = [pytest.mark.integration]


@pytest.fixture(scope="module")
def intruder(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[psycopg.Connection[Any]]:
    if not application.is_known():
        pytest.skip("only our own server has the application's role")
    with django_db_blocker.unblock():
        call_command("grant_rights", APPLICATION)
    given = connection.settings_dict
    with psycopg.connect(
        host=given["HOST"],
        port=given["PORT"],
        user=APPLICATION,
        password=application_password(given["PASSWORD"]),
        dbname=given["NAME"],
    ) as line:
        yield line


_ADD = "INSERT INTO audit_record (action, subject_type, subject_id, request_id, facts"


_REFUSALS = (
    "permission denied|must be owner|An account begins empty|"
    "Each transfer is about something"
)
_TRANSFER = """
INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, debit_seq, credit_seq,
    debit_balance, credit_balance, at, effective, code, cause_type, cause_id, metadata)
SELECT gen_random_uuid(), d.account_id, c.account_id, 1, 1, 1, 1, 1, now(),
       current_date, 'x', 'x', 'x', '{}' FROM ledger_balance d, ledger_balance c LIMIT 1
"""
_HOLD = """
INSERT INTO ledger_hold (key, debit_id, credit_id, amount, code, effective, cause_type,
    cause_id, expires_at, at)
SELECT gen_random_uuid(), d.account_id, c.account_id, 1, 'x', current_date, 'x', 'x',
       now(), now() FROM ledger_balance d, ledger_balance c LIMIT 1
"""
# The door judged the one and wrote the million.
_MILLION = """
SELECT ledger_book_all(
    (SELECT array_agg(id ORDER BY id) FROM ledger_account
      WHERE code IN ('1110-VES', '4100-VES')), ARRAY[gen_random_uuid()], '{1}', '{2}',
    '[0:1]={100000000,1}', '{1}', '{VES}', '{x}', '{2026-11-20}', '{batch}', '{x}',
    '{"{}"}')
"""
_RICH = """
WITH opened AS (
    INSERT INTO ledger_account (id, code, name, kind, currency, owner_type, floor_rule,
                                is_heading)
    VALUES (gen_random_uuid(), 'x', 'x', 'asset', 'VES', 'clinic', 'none', false)
    RETURNING id)
INSERT INTO ledger_balance (account_id, amount, held, seq, moved_at, side, currency,
                            is_frozen)
SELECT id, {}, 1, 'VES', false FROM opened
"""
ONCE = (*OF_THE_JOURNAL, *OF_THE_BOOKS)
ATTACKS = {
    **{f"delete {table}": f"DELETE FROM {table}" for table in ONCE},
    **{f"truncate {table}": f"TRUNCATE {table} CASCADE" for table in ONCE},
    **{
        f"no trigger on {table}": f"ALTER TABLE {table} DISABLE TRIGGER ALL"
        for table in ONCE
    },
    **{
        f"change {column}": "UPDATE {} SET {} = {}".format(*column.split("."), value)
        for column, value in {
            "audit_record.facts": "'{}'",
            "audit_record.mac": "''",
            "audit_leaf.hash": "''",
            "audit_leaf.entry": "''",
            "audit_tile.hashes": "''",
            "audit_checkpoint.note": "''",
            "audit_cosignature.line": "''",
            "audit_verification.findings": "'[]'",
            "audit_replay.differences": "'[]'",
            "transactions_transactionevent.reason": "''",
            "ledger_transfer.amount": "1",
            "ledger_account.code": "'x'",
            "ledger_hold.amount": "1",
            "ledger_holdend.kind": "'voided'",
            "ledger_closing.until": "'2020-01-01'",
            "ledger_closure.reason": "''",
            "ledger_balance.amount": "amount + 1",
            "ledger_balance.held": "0",
            "ledger_balance.seq": "seq + 1",
            "ledger_balance.floor": "NULL",
            "ledger_balance.side": "-side",
            "ledger_balance.currency": "'USD'",
        }.items()
    },
    "a record's id": f"{_ADD}, id) VALUES ('x', '', '', '', '{{}}', 1000000)",
    "a record's xid": f"{_ADD}, xid) VALUES ('x', '', '', '', '{{}}', '3')",
    "a record's moment": f"{_ADD}, at) VALUES ('x', '', '', '', '{{}}', '2020-01-01')",
    "a record's epoch": f"{_ADD}, epoch) VALUES ('x', '', '', '', '{{}}', 7)",
    "a record over another": f"{_ADD}) VALUES ('x', '', '', '', '{{}}')"
    " ON CONFLICT (id) DO UPDATE SET facts = ''",
    "another default": "ALTER TABLE audit_record ALTER COLUMN epoch SET DEFAULT 1",
    "numbers anew": "SELECT setval('audit_record_id_seq', 1)",
    "no guard": "DROP TRIGGER append_only_rows ON audit_record",
    "a guard of mine": "CREATE TRIGGER mine BEFORE INSERT ON audit_record"
    " EXECUTE FUNCTION refuse_change()",
    "another guard": "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "the guards sleep": "SET session_replication_role = replica",
    "no table": "DROP TABLE audit_leaf",
    "a rule": "CREATE RULE mine AS ON INSERT TO audit_record DO INSTEAD NOTHING",
    "a transfer by hand": _TRANSFER,
    "a hold by hand": _HOLD,
    "a million behind what is judged": _MILLION,
    "no balance": "DELETE FROM ledger_balance",
    "a rich account": _RICH.format("100, 0, 0, NULL"),
    "a held account": _RICH.format("0, 100, 0, NULL"),
    "a used account": _RICH.format("0, 0, 5, NULL"),
    "an account of the future": _RICH.format("0, 0, 0, timestamptz '9999-01-01'"),
    "another posting": "ALTER FUNCTION ledger_recount(uuid[]) SECURITY INVOKER",
    "as the owner": f"SET ROLE {DATABASE}",
    "as the superuser": "SET ROLE postgres",
    "as the owner's session": f"SET SESSION AUTHORIZATION {DATABASE}",
    "a role for myself": f"GRANT {DATABASE} TO {APPLICATION}",
    "a greater role": f"ALTER ROLE {APPLICATION} SUPERUSER",
    "another role": "CREATE ROLE mine LOGIN",
    "a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a function for a while": "CREATE FUNCTION pg_temp.mine() RETURNS int"
    " LANGUAGE sql AS 'SELECT 1'",
    "a table": "CREATE TABLE mine (id int)",
    "a table for a while": "CREATE TEMPORARY TABLE mine (id int)",
    "a room": "CREATE SCHEMA mine",
    "passwords of roles": "SELECT * FROM pg_authid",
    "a file": "SELECT pg_read_file('/etc/passwd')",
    "a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "who migrated": "DELETE FROM django_migrations",
    "a migration": "INSERT INTO django_migrations (app, name, applied)"
    " VALUES ('x', 'x', now())",
}


@pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS)
def test_the_database_refuses(intruder: psycopg.Connection[Any], sql: str) -> None:
    try:
        with pytest.raises(psycopg.Error, match=_REFUSALS):
            intruder.execute(sql)
    finally:
        intruder.rollback()
