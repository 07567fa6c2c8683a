"""What the tests of crashes and outages have in common."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import User
from banking.gateways.base import Patience
from tests.storms.claims import arrive, money, recorded
from tests.storms.house import House, until
from transactions.models import Inquiry, Transaction
from transactions.services.sweep import sweep
from transactions.services.verify import ask_bank


def paid_claims(ana: User, house: House, number: int) -> list[Transaction]:
    """So many claims, due now, nobody rung yet, and the money of each at the bank."""
    rows = [recorded(ana, each) for each in range(number)]
    arrive(house.bank, [money(each) for each in range(number)])
    Inquiry.objects.update(due_at=Now())
    return rows


def completed() -> int:
    return Transaction.objects.filter(status="COMPLETED").count()


def subjects(house: House) -> list[UUID]:
    """Whom each question to the bank was about."""
    rows = house.ask("SELECT subject FROM banking_bankquestion")
    return sorted(row[0] for row in rows)


def ids(rows: Iterable[Transaction]) -> list[UUID]:
    return sorted(row.pk for row in rows)


def finish(house: House, number: int, *, nobody_died: bool = False) -> None:
    """Let leases run out and the sweep ring, as beat would, until all is done.

    Where nobody died, whoever has a lease is about to use it, though he may seem idle.
    """

    def is_done() -> Any:
        may_age = completed() < number and house.is_calm()
        # Looked at last: a lease taken before it must not be aged.
        if may_age and not (nobody_died and _is_leased()):
            house.time_passes(62)
            sweep()
        return completed() == number

    until(is_done, f"all {number} completed", 60, every=0.2)


def _is_leased() -> bool:
    return Inquiry.objects.filter(leased_until__gt=Now()).exists()


def until_calm(house: House) -> None:
    """Wait until every message has been heard and its work is done."""
    until(house.is_calm, "all was heard")


def ask(transaction: Transaction, *, patience: Patience = Patience.WORKER) -> Any:
    """One round of questions, in this very thread."""
    return ask_bank(transaction_id=transaction.pk, patience=patience, is_urgent=True)


def now_is(transaction: Transaction) -> tuple[str, str]:
    """Its state and why."""
    transaction.refresh_from_db()
    return transaction.status, transaction.status_reason
