"""Accounts and postings in one line each."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4, uuid5

from accounts.models import User
from ledger.amounts import from_minor
from ledger.chart import account_id
from ledger.models import Balance
from ledger.services.accounts import open_account, owned_account
from ledger.services.posting import Posting
from ledger.services.proof import also_ask

DAY = date(2026, 11, 20)
TRANSIT = account_id("1110-VES")
FEES = account_id("4100-VES")

also_ask("test", list)  # what the tests post is theirs


def customer(name: str, overdraft: str = "", ceiling: str = "") -> UUID:
    """A customer's account, empty, which without limits never goes below zero."""
    owner = uuid5(UUID(int=7), name)
    of: dict[str, Any] = {"number": "2100", "currency": "VES", "owner_id": owner}
    if not overdraft + ceiling:
        return owned_account(**of)
    account, _ = open_account(
        **of,
        actor=User.objects.filter(role__name="bookkeeper")[0],
        overdraft=Decimal(overdraft) if overdraft else None,
        ceiling=Decimal(ceiling) if ceiling else None,
    )
    return account.pk


def posting(debit: UUID, credit: UUID, amount: str = "10.00", **given: Any) -> Posting:
    return Posting(
        key=given.pop("key", None) or uuid4(),
        debit=debit,
        credit=credit,
        amount=Decimal(amount),
        **{
            "currency": "VES",
            "code": "test",
            "effective": DAY,
            "cause": ("test", "1"),
            **given,
        },
    )


def amount_of(account: UUID) -> int:
    return Balance.objects.get(pk=account).amount


def trial_balance(currency: str) -> dict[str, Decimal]:
    """Code -> debit less credit of every account that something is on."""
    used = Balance.objects.filter(currency=currency).exclude(amount=0)
    return {
        each.account.code: from_minor(each.amount * each.side, currency)
        for each in used.select_related("account")
    }
