"""What the cashier sends: a pago móvil, each with a reference never used before."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.load import Ask

AMOUNT = "2350.75"
PHONE = "04141234567"
PAYER_BANK = "0102"


def today() -> str:
    return datetime.now(ZoneInfo("America/Caracas")).date().isoformat()


def claim() -> str:
    """The body of POST /api/v1/transactions; `%(n)d` is still to be filled in."""
    body = {
        "transaction_id": "BENCH-%(n)d",
        "reference": "%(n)012d",
        "bank": "MOBILE_TRANSFER",
        "bank_code": PAYER_BANK,
        "amount": AMOUNT,
        "operation_date": today(),
        "phone": PHONE,
        "customer": {
            "full_name": "María Fernanda Núñez Rodríguez",
            "phone": PHONE,
            "national_id": "V12345678",
            "concept": "Consulta",
        },
    }
    return json.dumps(body, ensure_ascii=False)


def record(headers: dict[str, str]) -> Ask:
    return Ask("/api/v1/transactions", "POST", claim(), headers)


def movement(number: int) -> dict[str, str]:
    """The money of the claim with this number, as the sandbox bank is told."""
    return {
        "kind": "MOBILE_PAYMENT",
        "reference": f"{number:012d}",
        "amount": AMOUNT,
        "date": today(),
        "payer_phone": "58" + PHONE[1:],
        "payer_bank": PAYER_BANK,
    }
