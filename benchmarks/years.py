"""Books of any size, written by SQL as the posting function leaves them.

A thousand transfers a day, as years leave them: one account in transit that every
payment passes, an account of a patient for every tenth transfer, a fee now and then.
One transfer in seven took effect on another day than it was booked, a few of them a
month before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from ledger.chart import account_id

IN_TRANSIT = account_id("1110-VES")
FEES = account_id("4100-VES")
PATIENTS = account_id("2100-VES")

_PEOPLE = """
INSERT INTO ledger_account (id, code, name, kind, currency, owner_type, owner_id,
                            parent_id, floor_rule, is_heading)
SELECT md5('account' || i)::uuid, '2100-VES-' || md5('owner' || i)::uuid,
       'Crédito de pacientes', 'liability', 'VES', 'customer', md5('owner' || i)::uuid,
       %(heading)s, 'zero', false
  FROM generate_series(0, %(people)s - 1) AS i
"""
_BALANCES = """
INSERT INTO ledger_balance (account_id, amount, seq, floor, side, currency, is_frozen)
SELECT id, 0, 0, 0, -1, 'VES', false FROM ledger_account WHERE owner_id IS NOT NULL
"""
_TRANSFERS = """
WITH raw AS (
    SELECT i, 100 + i * 7919 %% 99900 AS amount,
           CASE WHEN i %% 10 = 0 THEN %(fees)s
                ELSE md5('account' || i %% %(people)s)::uuid END AS credit,
           now() - (%(rows)s - i) * interval '86.4 seconds' AS moment
      FROM generate_series(1::bigint, %(rows)s) AS i
), legs AS (
    SELECT raw.*, (moment AT TIME ZONE 'America/Caracas')::date AS day,
           sum(amount) OVER (ORDER BY i) AS debited,
           row_number() OVER credit AS number, sum(amount) OVER credit AS credited
      FROM raw WINDOW credit AS (PARTITION BY credit ORDER BY i)
)
INSERT INTO ledger_transfer (
    key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,
    credit_balance, at, effective, code, cause_type, cause_id, metadata)
SELECT md5('transfer' || i)::uuid, %(transit)s, credit, amount, i, number, debited,
       credited, moment,
       day + CASE WHEN i %% 10 = 3 THEN -1 WHEN i %% 25 = 4 THEN 3
                  WHEN i %% 100 = 7 THEN -30 ELSE 0 END,
       'payment_confirmed', 'transaction', md5('claim' || i)::uuid, '{}'
  FROM legs ORDER BY i
"""
_NOW = """
UPDATE ledger_balance b SET amount = e.balance, seq = e.seq, moved_at = e.at
  FROM (SELECT DISTINCT ON (account_id) account_id, seq, balance, at
          FROM ledger_entry ORDER BY account_id, seq DESC) e
 WHERE e.account_id = b.account_id
"""
_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid = 'ledger_transfer'::regclass AND contype IN ('p', 'u')
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
 WHERE indrelid = 'ledger_transfer'::regclass AND NOT indisunique
"""


@contextmanager
def indexes_last(line: psycopg.Connection) -> Iterator[None]:
    """Build what is unique of the transfers, and the rest, after they are written."""
    unique, others = (line.execute(q).fetchall() for q in (_CONSTRAINTS, _INDEXES))
    for name, _ in unique:
        line.execute(f"ALTER TABLE ledger_transfer DROP CONSTRAINT {name}")
    for name, _ in others:
        line.execute(f"DROP INDEX {name}")
    yield
    for name, kind in unique:
        line.execute(f"ALTER TABLE ledger_transfer ADD CONSTRAINT {name} {kind}")
    for _, definition in others:
        line.execute(definition)


def fill(url: str, *, rows: int) -> None:
    """Write `rows` transfers, indexes last, and let PostgreSQL look at them."""
    asked: dict[str, Any] = {
        "rows": rows,
        "people": max(rows // 10, 1),
        "heading": PATIENTS,
        "transit": IN_TRANSIT,
        "fees": FEES,
    }
    with psycopg.connect(url, autocommit=True) as line:
        line.execute("SET work_mem = '256MB'")
        line.execute("SET maintenance_work_mem = '512MB'")
        with line.transaction():
            for statement in (_PEOPLE, _BALANCES):
                line.execute(statement, asked)
            with indexes_last(line):
                line.execute(_TRANSFERS, asked)
            line.execute(_NOW)
        line.execute("VACUUM (ANALYZE) ledger_transfer, ledger_balance, ledger_account")
