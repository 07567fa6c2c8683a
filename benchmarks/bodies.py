"""What the cashier sends: a pago móvil, each with a reference never used before."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from benchmarks.load import Ask

AMOUNT = "2350.75"
PHONE = "04141234567"
PAYER_BANK = "0102"
BATCH = 1_000
PATIENTS = 500


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


def transfer(place: int = 0) -> dict[str, str]:
    """The `place`-th transfer of a request; its key grows with the request's number."""
    return {
        "key": f"%(n)08x-0000-7000-8000-{place:012x}",
        "debit": "1110-VES",
        "credit": f"2100-VES-{owner(place % PATIENTS)}",
        "amount": AMOUNT,
        "currency": "VES",
        "code": "bench",
        "effective": today(),
    }


def owner(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def one_transfer(headers: dict[str, str]) -> Ask:
    return Ask("/api/v1/ledger/transfers", "POST", json.dumps(transfer()), headers)


def one_transfer_once(headers: dict[str, str]) -> Ask:
    """As by a client that trusts the header more than the transfer's own key."""
    return one_transfer({**headers, "Idempotency-Key": "bench-%(n)d"})


def many_transfers(headers: dict[str, str]) -> Ask:
    rows = json.dumps({"transfers": [transfer(place) for place in range(BATCH)]})
    return Ask("/api/v1/ledger/transfers/batch", "POST", rows, headers)
