"""What the document says of the bodies that move money.

Transfers are read by `rows.py`, by the same rules as thousands of them at once; these
say them to whoever writes a client.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from accounts.models import User
from areamedica.api.fields import AmountField, MomentField, StrictCharField
from areamedica.api.schema import example
from areamedica.api.serializing import Ready
from areamedica.clock import caracas_day
from areamedica.money import CURRENCIES
from ledger.api.fields import (
    AN_ACCOUNT,
    AccountField,
    EffectiveField,
    KeyField,
    MetadataField,
)
from ledger.api.rows import CODE, UNKNOWN
from ledger.formats import LONGEST_NAME
from ledger.services.legs import MOST_LEGS, Leg
from ledger.services.posting import LARGEST_BATCH, Outcome, Posting

KEPT = "kept for ever; name no patient"
_ALL: dict[str, Any] = {"null": _("Leave it out if you mean all.")}
_TRANSFER = {
    "key": "0b8a1b34-7f3e-4c0e-9a53-1d9d9b7f2a10",
    "debit": "1120-VES",
    "credit": "1110-VES",
    "amount": "2350.75",
    "currency": "VES",
    "code": "reconciled",
    "effective": "2026-11-20",
    "metadata": {"statement": "2026-11"},
}


# It has no other fields: who misspells an amount does not mean all of it.
class Body(Ready):
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = data.keys() - self.fields.keys() if isinstance(data, Mapping) else ()
        if unknown:
            raise serializers.ValidationError({min(unknown)[:LONGEST_NAME]: [UNKNOWN]})
        read: dict[str, Any] = super().to_internal_value(data)
        return read


class _NothingElse(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = Body
    match_subclasses = True

    def map_serializer(
        self, auto_schema: AutoSchema, direction: Any
    ) -> dict[str, object]:
        mapped = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        return {**mapped, "additionalProperties": False}


@example(_TRANSFER)
class TransferBody(Body):
    key = KeyField(help_text="yours; names this transfer for ever")
    debit = serializers.CharField(help_text=AN_ACCOUNT)
    credit = serializers.CharField(help_text=AN_ACCOUNT)
    amount = AmountField()
    currency = serializers.ChoiceField(CURRENCIES)
    code = serializers.RegexField(CODE.pattern, help_text="what kind of transfer it is")
    effective = serializers.DateField(
        required=False, help_text="at most seven days ahead; today when left out"
    )
    metadata = MetadataField(required=False, help_text=KEPT)


class LinkedTransferBody(TransferBody):
    linked = serializers.BooleanField(
        required=False, help_text="booked together with the next one, or neither"
    )


@example({"transfers": [_TRANSFER]})
class BatchBody(Body):
    transfers = serializers.ListField(
        child=LinkedTransferBody(), min_length=1, max_length=LARGEST_BATCH
    )


class BatchRowOut(Ready):
    index = serializers.IntegerField()
    outcome = serializers.ChoiceField([*Outcome, "malformed"])
    field = serializers.CharField(required=False, help_text="of a malformed row")
    why = serializers.CharField(required=False, help_text="of a malformed row")


class BatchOut(Ready):
    results = BatchRowOut(many=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="how many of each outcome"
    )


class MovementBody(Body):
    """What a hold and an entry have in common with a transfer."""

    key = KeyField(help_text="yours; names this for ever")
    currency = serializers.ChoiceField(CURRENCIES)
    code = serializers.RegexField(rf"\A{CODE.pattern}\Z")
    effective = EffectiveField(
        required=False, help_text="at most seven days ahead; today when left out"
    )

    def like(self, actor: User) -> Posting:
        """A posting but for accounts and amount."""
        asked = self.validated_data
        return Posting(
            key=asked["key"],
            debit=asked["key"],
            credit=asked["key"],
            amount=Decimal(0),
            currency=asked["currency"],
            code=asked["code"],
            effective=asked.get("effective") or caracas_day(timezone.now()),
            cause=("api", str(actor.pk)),
            metadata=asked.get("metadata", {}),
        )


@example(
    {
        "key": "3c9a1f0e-5a55-4d6e-8f0e-2a6a5c1b7d01",
        "debit": "2190-VES",
        "credit": "4100-VES",
        "amount": "100.00",
        "currency": "VES",
        "code": "fee",
        "expires_at": "2099-01-01T00:00:00-04:00",
    }
)
class HoldBody(MovementBody):
    debit = AccountField()
    credit = AccountField()
    amount = AmountField()
    expires_at = MomentField(help_text="then it is released by itself")

    def posting(self, actor: User) -> Posting:
        asked = self.validated_data
        given = {name: asked[name] for name in ("debit", "credit", "amount")}
        return replace(self.like(actor), **given)


class LegBody(Body):
    account = AccountField()
    side = serializers.ChoiceField(["debit", "credit"])
    amount = AmountField()


@example(
    {
        "key": "9a4f7c52-6e0b-4f7e-b1a5-0c8f6d1e2b03",
        "currency": "VES",
        "code": "payment",
        "legs": [
            {"account": "1120-VES", "side": "debit", "amount": "98.00"},
            {"account": "5100-VES", "side": "debit", "amount": "2.00"},
            {"account": "1110-VES", "side": "credit", "amount": "100.00"},
        ],
    }
)
class EntryBody(MovementBody):
    legs = serializers.ListField(
        child=LegBody(), min_length=2, max_length=MOST_LEGS, help_text="of one sum"
    )
    metadata = MetadataField(required=False, help_text=KEPT)

    def side(self, side: str) -> list[Leg]:
        rows = self.validated_data["legs"]
        return [(row["account"], row["amount"]) for row in rows if row["side"] == side]


@example({"key": "4be1c1de-3d0f-4a39-8a4e-7b1f7e0d9c02", "reason": "Pago devuelto"})
class ReverseBody(Body):
    key = KeyField(help_text="yours; names the reversal for ever")
    amount = AmountField(
        required=False,
        default=None,
        error_messages=_ALL,
        help_text="all that is left when left out",
    )
    reason = StrictCharField(max_length=500, help_text=KEPT)


@example({"key": "5d2a8f1c-9b7e-4c63-a0d4-1e6f3b8c7a04"})
class PostHoldBody(Body):
    key = KeyField(help_text="yours; names the transfer for ever")
    amount = AmountField(
        required=False,
        default=None,
        error_messages=_ALL,
        help_text="all of it when left out",
    )


@example(
    {
        "number": "2100",
        "currency": "VES",
        "owner_id": "6f1d1c52-0f0e-4c1b-9d0a-3f6a5f8f7e21",
    }
)
class AccountBody(Body):
    number = serializers.RegexField(
        r"\A[0-9]{1,16}\Z", help_text="a heading of the chart, such as 2100"
    )
    currency = serializers.ChoiceField(CURRENCIES)
    owner_id = KeyField(help_text="a pseudonym, never made of a name")
    overdraft = AmountField(
        required=False, help_text="may go below zero by so much; not at all if left out"
    )
    ceiling = AmountField(required=False, help_text="never has more on it")
    metadata = MetadataField(
        required=False, help_text=f"those of the first time stay; {KEPT}"
    )


@example({"reason": "Reclamo abierto"})
class WhyBody(Body):
    reason = StrictCharField(max_length=500, help_text=KEPT)
