"""Many claims at once, and the money of each at the sandbox bank."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.bank import Bank
from tests.transactions.bodies import claim, today
from transactions.models import Transaction
from transactions.services.submit import submit
from transactions.states import Type

PHONE = "584141234567"
PRICE = "2350.75"


def reference(number: int) -> str:
    """Twelve digits whose last six differ from every other number's."""
    return f"900000{number:06}"


def recorded(author: User, number: int, **changes: Any) -> Transaction:
    """A pago móvil that waits for the bank."""
    facts = {
        "type": Type.MOBILE_PAYMENT,
        "reference": reference(number),
        "payer_phone": PHONE,
        "bank_code": "0102",
        "amount": Decimal(PRICE),
        **changes,
    }
    return submit(author=author, claim=claim(**facts), now=timezone.now()).transaction


def money(number: int, **changes: Any) -> dict[str, Any]:
    """The bank's row of `recorded(…, number)`."""
    return {
        "kind": "MOBILE_PAYMENT",
        "reference": reference(number),
        "payer_phone": PHONE,
        "payer_bank": "0102",
        "date": today(),
        "amount": PRICE,
        **changes,
    }


def arrive(bank: Bank, rows: Iterable[dict[str, Any]]) -> None:
    """All of it arrives at the bank, in one call."""
    bank._call("POST", "/movements", list(rows))
