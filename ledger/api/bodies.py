"""What the document says of the bodies that move money.

Transfers are read by `rows.py`, by the same rules as thousands of them at once; these
say them to whoever writes a client.
"""

from rest_framework import serializers

from areamedica.api.fields import AmountField, StrictCharField
from areamedica.api.schema import example
from areamedica.api.serializing import Ready
from areamedica.money import CURRENCIES
from ledger.api.rows import CODE, LONGEST_TEXT
from ledger.services.posting import LARGEST_BATCH, Outcome

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
_ACCOUNT = "an account's id, or its code"


@example(_TRANSFER)
class TransferBody(Ready):
    key = serializers.UUIDField(help_text="yours; names this transfer for ever")
    debit = serializers.CharField(help_text=_ACCOUNT)
    credit = serializers.CharField(help_text=_ACCOUNT)
    amount = AmountField()
    currency = serializers.ChoiceField(CURRENCIES)
    code = serializers.RegexField(CODE.pattern, help_text="what kind of transfer it is")
    effective = serializers.DateField(
        required=False, help_text="at most seven days ahead; today when left out"
    )
    metadata = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST_TEXT), required=False
    )


class LinkedTransferBody(TransferBody):
    linked = serializers.BooleanField(
        required=False, help_text="booked together with the next one, or neither"
    )


@example({"transfers": [_TRANSFER]})
class BatchBody(Ready):
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


@example(
    {
        "number": "2100",
        "currency": "VES",
        "owner_id": "6f1d1c52-0f0e-4c1b-9d0a-3f6a5f8f7e21",
    }
)
class AccountBody(Ready):
    number = serializers.RegexField(
        r"\A[0-9]{1,16}\Z", help_text="a heading of the chart, such as 2100"
    )
    currency = serializers.ChoiceField(CURRENCIES)
    owner_id = serializers.UUIDField(help_text="a pseudonym, never made of a name")


@example({"reason": "Reclamo abierto"})
class WhyBody(Ready):
    reason = StrictCharField(max_length=500)
