"""Bodies in and out. Shape only; the rules are the services'."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from areamedica.api.fields import AmountField, StrictCharField
from areamedica.api.schema import example
from areamedica.api.serializing import Ready
from areamedica.money import BOLIVAR, CURRENCIES
from transactions.api.fields import (
    BankRowField,
    ComparisonField,
    PastDayField,
    bank_field,
    document_field,
    name_field,
    phone_field,
    reference_field,
)
from transactions.formats import local_phone
from transactions.models import Transaction, TransactionEvent
from transactions.services.review import Correction
from transactions.services.submit import Claim
from transactions.states import ErdBank, State, Type

_ADDRESSES = frozenset({"full-reference", "partial-reference", "bulk-delete"})
_OPTIONAL: dict[str, Any] = {"required": False, "allow_blank": True, "default": ""}


class CustomerBody(Ready):
    full_name = name_field()
    phone = phone_field()
    national_id = document_field()
    concept = StrictCharField(max_length=500, **_OPTIONAL)


@example(
    {
        "transaction_id": "CAJA-1-000123",
        "reference": "000012417728",
        "bank": "MOBILE_TRANSFER",
        "bank_code": "0102",
        "amount": "2350.75",
        "customer": {
            "full_name": "María Núñez",
            "phone": "04141234567",
            "national_id": "V12345678",
            "concept": "Consulta",
        },
    }
)
class TransactionBody(Ready):
    """The seed's contract: POST /transactions."""

    transaction_id = serializers.RegexField(
        r"\A[A-Za-z0-9_-]{1,100}\Z", max_length=100, trim_whitespace=False
    )
    customer = CustomerBody()
    reference = reference_field()
    bank = serializers.ChoiceField(ErdBank.choices)
    amount = AmountField(required=False, allow_null=True, default=None)
    currency = serializers.ChoiceField(CURRENCIES, default=BOLIVAR)
    operation_date = PastDayField(required=False, allow_null=True, default=None)
    bank_code = bank_field(**_OPTIONAL)
    phone = phone_field(**_OPTIONAL)
    metadata = serializers.DictField(required=False, default=dict)

    def validate_transaction_id(self, value: str) -> str:
        """Nobody could ever ask for one that is named like an address of ours."""
        if value in _ADDRESSES:
            raise serializers.ValidationError(_("This name is taken by us."))
        return value

    def claim(self) -> Claim:
        facts = self.validated_data
        customer = facts["customer"]
        is_mobile = facts["bank"] == ErdBank.MOBILE_TRANSFER
        payer_phone = facts["phone"] or (customer["phone"] if is_mobile else "")
        return Claim(
            type=Type.MOBILE_PAYMENT if is_mobile else Type.TRANSFER,
            transaction_id=facts["transaction_id"],
            reference=facts["reference"],
            customer_full_name=customer["full_name"],
            customer_phone=customer["phone"],
            customer_document=customer["national_id"],
            concept=customer["concept"],
            payer_phone=payer_phone,
            bank_code=facts["bank_code"],
            operation_date=facts["operation_date"],
            amount=facts["amount"],
            currency=facts["currency"],
            metadata=facts["metadata"],
        )


@example(
    {
        "reference": "000000088120",
        "customer_full_name": "María Núñez",
        "customer_document": "V12345678",
        "customer_phone": "04121234567",
        "amount": "100.00",
    }
)
class FullReferenceBody(Ready):
    """The manager front end's transfer."""

    reference = reference_field()
    customer_full_name = name_field()
    customer_document = document_field(allow_null=True, **_OPTIONAL)
    customer_phone = phone_field(allow_null=True, **_OPTIONAL)
    bank_code = bank_field(allow_null=True, **_OPTIONAL)
    operation_date = PastDayField(required=False, allow_null=True, default=None)
    amount = AmountField(required=False, allow_null=True, default=None)

    def claim(self) -> Claim:
        facts = self.validated_data
        return Claim(
            type=Type.TRANSFER,
            reference=facts["reference"],
            customer_full_name=facts["customer_full_name"],
            customer_document=facts["customer_document"] or "",
            customer_phone=facts["customer_phone"] or "",
            bank_code=facts["bank_code"] or "",
            operation_date=facts["operation_date"],
            amount=facts["amount"],
        )


@example(
    {
        "reference_number": "000012417728",
        "phone_number": "04141234567",
        "operation_date": "2026-01-15",
        "bank_code": "0102",
        "customer_full_name": "María Núñez",
        "customer_document": "V12345678",
        "customer_phone": "04121234567",
        "amount": "2350.75",
    }
)
class PartialReferenceBody(Ready):
    """The manager front end's pago móvil."""

    reference_number = reference_field()
    phone_number = phone_field()
    operation_date = PastDayField()
    bank_code = bank_field()
    customer_full_name = name_field()
    customer_document = document_field()
    customer_phone = phone_field()
    amount = AmountField(required=False, allow_null=True, default=None)

    def claim(self) -> Claim:
        facts = self.validated_data
        return Claim(
            type=Type.MOBILE_PAYMENT,
            reference=facts["reference_number"],
            payer_phone=facts["phone_number"],
            operation_date=facts["operation_date"],
            bank_code=facts["bank_code"],
            customer_full_name=facts["customer_full_name"],
            customer_document=facts["customer_document"],
            customer_phone=facts["customer_phone"],
            amount=facts["amount"],
        )


class CustomerOut(Ready):
    full_name = serializers.CharField(source="customer_full_name")
    phone = serializers.SerializerMethodField(help_text="04XXXXXXXXX")
    national_id = serializers.CharField(source="customer_document")
    concept = serializers.CharField()

    def get_phone(self, transaction: Transaction) -> str:
        return local_phone(transaction.customer_phone)


class TransactionOut(Ready, serializers.ModelSerializer):
    """How a transaction reads to both clients (api.md, "Transactions")."""

    status = serializers.ChoiceField(State.choices)
    amount = AmountField(allow_null=True, read_only=True)
    claimed_amount = AmountField(allow_null=True, read_only=True)
    customer = CustomerOut(source="*")
    bank_code = serializers.SerializerMethodField()
    customer_phone = serializers.SerializerMethodField(help_text="58XXXXXXXXXX")
    customer_document = serializers.SerializerMethodField()
    concept = serializers.SerializerMethodField()
    details = BankRowField(read_only=True)
    banesco_details = BankRowField(source="details", read_only=True)
    comparison = ComparisonField(read_only=True)
    metadata = serializers.DictField(read_only=True)
    created_by = serializers.UUIDField(source="created_by_id")

    class Meta:
        model = Transaction
        fields = (
            "id",
            "transaction_id",
            "status",
            "status_reason",
            "type",
            "bank",
            "bank_code",
            "reference",
            "amount",
            "claimed_amount",
            "currency",
            "operation_date",
            "concept",
            "customer",
            "customer_full_name",
            "customer_phone",
            "customer_document",
            "details",
            "banesco_details",
            "comparison",
            "metadata",
            "created_by",
            "created_at",
            "updated_at",
            "completed_at",
        )

    def get_bank_code(self, transaction: Transaction) -> str | None:
        return transaction.bank_code or None

    def get_customer_phone(self, transaction: Transaction) -> str | None:
        return transaction.customer_phone or None

    def get_customer_document(self, transaction: Transaction) -> str | None:
        return transaction.customer_document or None

    def get_concept(self, transaction: Transaction) -> str | None:
        return transaction.concept or None


class StatusOut(Ready, serializers.ModelSerializer):
    next_question_at = serializers.SerializerMethodField()

    class Meta:
        model = Transaction
        fields = (
            "id",
            "transaction_id",
            "status",
            "status_reason",
            "updated_at",
            "completed_at",
            "next_question_at",
        )

    def get_next_question_at(self, transaction: Transaction) -> str | None:
        inquiry = getattr(transaction, "inquiry", None)
        return inquiry.due_at.isoformat() if inquiry else None


class EventOut(Ready, serializers.ModelSerializer):
    actor = serializers.UUIDField(source="actor_id")
    note = serializers.CharField(help_text="empty once it was erased")

    class Meta:
        model = TransactionEvent
        fields = (
            "id",
            "old_status",
            "new_status",
            "reason",
            "note",
            "actor_type",
            "actor",
            "metadata",
            "created_at",
        )


@example({"reason": "El monto no cubre la factura"})
class ReasonBody(Ready):
    reason = StrictCharField(min_length=3, max_length=500)


@example({"reason": "La diferencia es la comisión", "credit": 0})
class ApproveBody(ReasonBody):
    credit = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        help_text="place of the bank's credit among several, from 0",
    )


@example({"reason": "Faltaba un dígito", "reference": "000012417728"})
class ReopenBody(ReasonBody):
    reference = reference_field(required=False)
    amount = AmountField(required=False)
    operation_date = PastDayField(required=False)
    bank_code = bank_field(required=False)
    phone = phone_field(required=False)

    def correction(self) -> Correction:
        facts = dict(self.validated_data)
        facts.pop("reason")
        if "phone" in facts:
            facts["payer_phone"] = facts.pop("phone")
        return Correction(**facts)
