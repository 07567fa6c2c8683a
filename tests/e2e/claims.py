"""Claims and their money, as the walks of this folder use them."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from django.utils import timezone

from areamedica.clock import caracas_day
from tests.e2e.demo import Demo, Person

PHONE = "584141234567"
_numbers = count(1)


@dataclass(frozen=True)
class Late:
    """A claim whose money the bank shows forty seconds after it was recorded."""

    id: str


def mobile(**changes: Any) -> dict[str, Any]:
    """A pago móvil nobody has claimed yet."""
    return {
        "reference_number": f"7300{next(_numbers):08}",
        "phone_number": PHONE,
        "operation_date": caracas_day(timezone.now()).isoformat(),
        "bank_code": "0102",
        "customer_full_name": "Yuleisy Peñaloza",
        "customer_document": "V18234567",
        "customer_phone": PHONE,
        "amount": "2350.75",
        **changes,
    }


def arrives(demo: Demo, body: dict[str, Any], **changes: Any) -> None:
    """The money of `mobile()` reaches the clinic's account."""
    demo.arrives(
        **{
            "kind": "MOBILE_PAYMENT",
            "reference": body["reference_number"],
            "payer_phone": body["phone_number"],
            "payer_bank": body["bank_code"],
            "date": body["operation_date"],
            "amount": body["amount"],
            **changes,
        }
    )


def record(person: Person, body: dict[str, Any]) -> Any:
    return person.post("/transactions/partial-reference", body)
