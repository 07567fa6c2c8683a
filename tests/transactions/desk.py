"""What happens at the desk, made in a line: claims that wait or differ."""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from areamedica.clock import caracas_day
from banking.gateways.base import Patience
from tests.bank import Bank
from transactions.models import Transaction
from transactions.services.submit import Claim, submit
from transactions.services.verify import ask_bank
from transactions.states import Type

ADMIN = "/admin/transactions/transaction/"


def today() -> str:
    return caracas_day(timezone.now()).isoformat()


def form(**changes: Any) -> dict[str, Any]:
    """A pago móvil as the cashier types it."""
    return {
        "kind": "MOBILE_PAYMENT",
        "reference": "000012417728",
        "amount": "2.350,75",
        "bank_code": "0102",
        "operation_date": today(),
        "phone_prefix": "0414",
        "number": "1234567",
        "letter": "V",
        "document": "12.345.678",
        "full_name": "josé pérez",
        "concept": "Consulta",
        **changes,
    }


def arrives(bank: Bank, amount: str = "2350.75", **changes: Any) -> None:
    """The money of `form()` or `recorded()` reaches the account."""
    bank.add(
        **{
            "kind": "MOBILE_PAYMENT",
            "reference": "000012417728",
            "payer_phone": "584141234567",
            "payer_bank": "0102",
            "date": today(),
            "amount": amount,
            **changes,
        }
    )


def recorded(author: User, **changes: Any) -> Transaction:
    """A claim nobody has asked the bank about."""
    facts: dict[str, Any] = {
        "type": Type.MOBILE_PAYMENT,
        "reference": "000012417728",
        "customer_full_name": "José Pérez",
        "customer_phone": "584141234567",
        "customer_document": "V12345678",
        "payer_phone": "584141234567",
        "bank_code": "0102",
        "operation_date": caracas_day(timezone.now()),
        "amount": Decimal("2350.75"),
        **changes,
    }
    return submit(author=author, claim=Claim(**facts), now=timezone.now()).transaction


def asked(transaction: Transaction) -> Transaction:
    """The bank is asked; what became of the claim."""
    ask_bank(transaction_id=transaction.pk, patience=Patience.WORKER, is_urgent=True)
    return Transaction.objects.get(pk=transaction.pk)


def in_review(
    author: User, bank: Bank, *, shown: str = "2350.74", **changes: Any
) -> Transaction:
    """The bank shows another amount than the claim."""
    reference = changes.get("reference", "000012417728")
    arrives(bank, shown, reference=reference)
    found = asked(recorded(author, **changes))
    assert found.status == "TO_REVIEW"
    return found
