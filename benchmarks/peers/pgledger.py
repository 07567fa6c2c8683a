"""pgledger: its own functions, with the SQL files named on the command line.

Amounts are sent as text: some of its versions keep them as money, others as numeric.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import local

import psycopg

from benchmarks.peers.orders import Wanted, obey

_THREAD = local()
_ACCOUNTS: list[str] = []
_BATCH = """
SELECT count(*) FROM pgledger_create_transfers((
    SELECT array_agg((f, t, a)::transfer_request)
      FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted(f, t, a)))
"""
_ONE = "SELECT id FROM pgledger_create_transfer(%s, %s, %s)"


def _line() -> psycopg.Connection:
    """This thread's connection."""
    if not hasattr(_THREAD, "line"):
        url = os.environ["DATABASE_URL"]
        _THREAD.line = psycopg.connect(url, autocommit=True)
    line: psycopg.Connection = _THREAD.line
    return line


def open_accounts(number: int) -> None:
    for file in sys.argv[1:]:
        _line().execute(Path(file).read_text(encoding="utf-8"))  # type: ignore[arg-type]
    for each in range(number):
        found = _line().execute(
            "SELECT id FROM pgledger_create_account(%s, 'VES')", [str(each)]
        )
        _ACCOUNTS.extend(row[0] for row in found)


def batch(wanted: Sequence[Wanted]) -> None:
    columns = [
        [_ACCOUNTS[each.credit] for each in wanted],
        [_ACCOUNTS[each.debit] for each in wanted],
        [str(each.amount) for each in wanted],
    ]
    _line().execute(_BATCH, columns)


def one(wanted: Sequence[Wanted]) -> None:
    [each] = wanted
    credit, debit = _ACCOUNTS[each.credit], _ACCOUNTS[each.debit]
    _line().execute(_ONE, [credit, debit, str(each.amount)])


if __name__ == "__main__":
    obey(open_accounts=open_accounts, batch=batch, one=one)
