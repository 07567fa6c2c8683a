"""Our books: floors are checked, every transfer has a key, a cause and metadata."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4, uuid5

import django

django.setup()

from benchmarks.peers.orders import Wanted, obey  # noqa: E402
from ledger.chart import account_id  # noqa: E402
from ledger.services.accounts import owned_account  # noqa: E402
from ledger.services.posting import Posting, post, post_batch  # noqa: E402

_TODAY = datetime.now(UTC).date()
_ACCOUNTS: list[UUID] = []


def open_accounts(number: int) -> None:
    for each in range(number):
        owner = uuid5(UUID(int=0), str(each))
        _ACCOUNTS.append(owned_account(number="2100", currency="VES", owner_id=owner))
    # They have a floor, so there must be something on them.
    for account in _ACCOUNTS:
        post(_posting(account_id("1110-VES"), account, Decimal(10**8)))


def _posting(debit: UUID, credit: UUID, amount: Decimal) -> Posting:
    return Posting(
        key=uuid4(),
        debit=debit,
        credit=credit,
        amount=amount,
        currency="VES",
        code="benchmark",
        effective=_TODAY,
        cause=("benchmark", "1"),
    )


def _of(wanted: Wanted) -> Posting:
    return _posting(_ACCOUNTS[wanted.debit], _ACCOUNTS[wanted.credit], wanted.amount)


def batch(wanted: Sequence[Wanted]) -> None:
    outcomes = post_batch([_of(each) for each in wanted])
    assert set(outcomes) == {"posted"}


def one(wanted: Sequence[Wanted]) -> None:
    post(_of(wanted[0]))


if __name__ == "__main__":
    obey(open_accounts=open_accounts, batch=batch, one=one)
