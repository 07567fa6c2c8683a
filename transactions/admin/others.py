"""Other transactions that want, or have, the same money."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Right

from transactions.models import BankCredit, Transaction


def twins_of(transaction: Transaction) -> QuerySet[Transaction]:
    """Others with the same last six digits: perhaps the same screenshot."""
    others = Transaction.objects.present().exclude(pk=transaction.pk)
    return others.alias(last=Right("reference", 6)).filter(
        last=transaction.reference[-6:]
    )[:5]


def key_of(credit: dict[str, Any]) -> tuple[str, ...]:
    names = ("shown_account", "tail", "day", "amount", "currency")
    return tuple(str(credit[name]) for name in names)


def taken_credits(candidates: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], UUID]:
    """Which of the credits pay a transaction already, and which; one question."""
    credits_ = [candidate["credit"] for candidate in candidates]
    if not credits_:
        return {}
    wanted = Q()
    for credit in credits_:
        wanted |= Q(tail=credit["tail"], day=credit["day"], amount=credit["amount"])
    used = BankCredit.objects.filter(wanted, account=settings.BANESCO["ACCOUNT_ID"])
    return {
        (
            each.shown_account,
            each.tail,
            each.day.isoformat(),
            f"{each.amount:.2f}",
            each.currency,
        ): each.transaction_id
        for each in used
    }
