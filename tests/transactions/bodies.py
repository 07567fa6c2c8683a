"""Requests as the two front ends write them; a test states only what matters to it."""

from typing import Any

from django.utils import timezone

from areamedica.clock import caracas_day
from transactions.services.submit import Claim
from transactions.states import Type

TRANSACTIONS = "/api/v1/transactions"


def today() -> str:
    return caracas_day(timezone.now()).isoformat()


def mobile(**changes: Any) -> dict[str, Any]:
    """The manager front end's pago móvil."""
    return {
        "reference_number": "000012417728",
        "phone_number": "584141234567",
        "operation_date": today(),
        "bank_code": "0102",
        "customer_full_name": "José Pérez",
        "customer_document": "V12345678",
        "customer_phone": "584141234567",
        "amount": "2350.75",
        **changes,
    }


def transfer(**changes: Any) -> dict[str, Any]:
    """The manager front end's transfer."""
    return {
        "reference": "000000088120",
        "customer_full_name": "María Núñez",
        "customer_document": "V9876543",
        "customer_phone": "584121234567",
        "amount": "100.00",
        **changes,
    }


def erd(**changes: Any) -> dict[str, Any]:
    """The seed's request."""
    return {
        "transaction_id": "TXN-1",
        "reference": "123456789",
        "bank": "BANESCO",
        "customer": {
            "full_name": "juan pérez",
            "phone": "04121234567",
            "national_id": "V12345678",
            "concept": "Consulta",
        },
        **changes,
    }


def claim(**changes: Any) -> Claim:
    """A claim for the service, when no HTTP is wanted."""
    facts: dict[str, Any] = {
        "type": Type.TRANSFER,
        "reference": "000000088120",
        "customer_full_name": "María Núñez",
        "customer_phone": "584121234567",
        **changes,
    }
    return Claim(**facts)


def arrives(bank: Any, body: dict[str, Any], **changes: Any) -> None:
    """The money of a mobile or transfer body arrives at the sandbox bank."""
    if "reference_number" in body:
        movement = {
            "kind": "MOBILE_PAYMENT",
            "reference": body["reference_number"],
            "payer_phone": body["phone_number"],
            "payer_bank": body["bank_code"],
            "date": body["operation_date"],
            "amount": body.get("amount") or "2350.75",
        }
    else:
        movement = {
            "kind": "TRANSFER",
            "reference": body["reference"],
            "amount": body.get("amount") or "100.00",
        }
    bank.add(**{**movement, **changes})
