"""pgledger: its own functions, with the SQL files named on the command line.

Amounts are sent as text: some of its versions keep them as money, others as numeric.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks.peers.orders import Wanted, obey

_LINE = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
_ACCOUNTS: list[str] = []
_BATCH = """
SELECT count(*) FROM pgledger_create_transfers((
    SELECT array_agg((f, t, a)::transfer_request)
      FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted(f, t, a)))
"""
_ONE = "SELECT id FROM pgledger_create_transfer(%s, %s, %s)"


def open_accounts(number: int) -> None:
    for file in sys.argv[1:]:
        _LINE.execute(Path(file).read_text(encoding="utf-8"))  # type: ignore[arg-type]
    for each in range(number):
        found = _LINE.execute(
            "SELECT id FROM pgledger_create_account(%s, 'VES')", [str(each)]
        )
        _ACCOUNTS.extend(row[0] for row in found)


def batch(wanted: Sequence[Wanted]) -> None:
    columns = [
        [_ACCOUNTS[each.credit] for each in wanted],
        [_ACCOUNTS[each.debit] for each in wanted],
        [str(each.amount) for each in wanted],
    ]
    _LINE.execute(_BATCH, columns)


def one(wanted: Sequence[Wanted]) -> None:
    [each] = wanted
    credit, debit = _ACCOUNTS[each.credit], _ACCOUNTS[each.debit]
    _LINE.execute(_ONE, [credit, debit, str(each.amount)])


def backend() -> int:
    return _LINE.info.backend_pid


if __name__ == "__main__":
    obey(open_accounts=open_accounts, batch=batch, one=one, backend=backend)
