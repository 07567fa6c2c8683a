"""What the books show outside: amounts as text, with their currency."""

from typing import Any

from rest_framework import serializers

from areamedica.api.serializing import Ready
from ledger.amounts import from_minor
from ledger.chart import Kind, Owner
from ledger.models import Balance, Entry, Transfer
from ledger.services.reading import LARGEST_PAGE


class AccountOut(Ready):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    currency = serializers.CharField()
    owner_type = serializers.ChoiceField(choices=Owner.choices)
    owner_id = serializers.UUIDField(allow_null=True)
    parent_id = serializers.UUIDField(allow_null=True)
    is_heading = serializers.BooleanField()
    opened_at = serializers.DateTimeField()


class BalanceOut(Ready):
    account_id = serializers.UUIDField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    is_frozen = serializers.BooleanField()

    def to_representation(self, instance: Balance) -> dict[str, Any]:
        return {
            "account_id": str(instance.pk),
            "amount": str(from_minor(instance.amount, instance.currency)),
            "currency": instance.currency,
            "is_frozen": instance.is_frozen,
        }


class EntryOut(Ready):
    """A leg as one account sees it; `seq` is its number there."""

    seq = serializers.IntegerField()
    transfer_id = serializers.UUIDField()
    counterpart_id = serializers.UUIDField()
    side = serializers.ChoiceField(choices=[("debit", "debit"), ("credit", "credit")])
    amount = serializers.CharField()
    balance = serializers.CharField()
    booked_at = serializers.DateTimeField()
    effective = serializers.DateField()
    code = serializers.CharField()

    def to_representation(self, instance: Entry) -> dict[str, Any]:
        currency = instance.account.currency
        return {
            "seq": instance.seq,
            "transfer_id": str(instance.transfer_id),
            "counterpart_id": str(instance.counterpart_id),
            "side": "debit" if instance.is_debit else "credit",
            "amount": str(from_minor(instance.amount, currency)),
            "balance": str(from_minor(instance.balance, currency)),
            "booked_at": instance.at.isoformat(),
            "effective": instance.effective.isoformat(),
            "code": instance.code,
        }


class HistoryOut(Ready):
    items = EntryOut(many=True)
    next_before = serializers.IntegerField(allow_null=True)


class CauseOut(Ready):
    type = serializers.CharField()
    id = serializers.CharField()


class TransferOut(Ready):
    id = serializers.UUIDField()
    debit_id = serializers.UUIDField()
    credit_id = serializers.UUIDField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    booked_at = serializers.DateTimeField()
    effective = serializers.DateField()
    code = serializers.CharField()
    cause = CauseOut()
    metadata = serializers.DictField(child=serializers.CharField())

    def to_representation(self, instance: Transfer) -> dict[str, Any]:
        currency = instance.debit.currency
        return {
            "id": str(instance.key),
            "debit_id": str(instance.debit_id),
            "credit_id": str(instance.credit_id),
            "amount": str(from_minor(instance.amount, currency)),
            "currency": currency,
            "booked_at": instance.at.isoformat(),
            "effective": instance.effective.isoformat(),
            "code": instance.code,
            "cause": {"type": instance.cause_type, "id": instance.cause_id},
            "metadata": instance.metadata,
        }


class PageQuery(serializers.Serializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=50, help_text="rows of a page"
    )


class HistoryQuery(PageQuery):
    before = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="`next_before`"
    )


class AccountQuery(PageQuery):
    code = serializers.CharField(
        max_length=64, required=False, help_text="the account of this code alone"
    )
    after = serializers.CharField(
        max_length=64, required=False, help_text="`next_after`; pages are by code"
    )


class AccountsOut(Ready):
    items = AccountOut(many=True)
    next_after = serializers.CharField(allow_null=True)
