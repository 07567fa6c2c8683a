"""Questions and threads as the tests of this room need them."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from banking.gateways.base import Modality, Question
from tests.bank import Bank

DAY = date(2026, 3, 14)
PHONE = "584141234567"
REFERENCE = "001234567890"


def mobile(**changed: Any) -> Question:
    """A pago móvil of Bs. 150,25 from Venezuela's bank, unless told otherwise."""
    fields: dict[str, Any] = {
        "subject": str(uuid.uuid4()),
        "public_id": "T-1",
        "modality": Modality.MOBILE_PAYMENT,
        "reference": REFERENCE,
        "payer_bank": "0102",
        "day": DAY,
        "payer_phone": PHONE,
        "amount": Decimal("150.25"),
    }
    return Question(**{**fields, **changed})


def transfer(**changed: Any) -> Question:
    """A transfer within Banesco, unless told otherwise."""
    plain = {"modality": Modality.TRANSFER, "payer_bank": "0134", "payer_phone": ""}
    return mobile(**{**plain, **changed})


def arrive(bank: Bank, **changed: Any) -> None:
    """Let the money of `mobile()` arrive."""
    fields = {
        "reference": REFERENCE,
        "amount": "150.25",
        "date": DAY.isoformat(),
        "kind": "MOBILE_PAYMENT",
        "payer_phone": PHONE,
        "payer_bank": "0102",
    }
    bank.add(**{**fields, **changed})
