"""What the books show outside: amounts as text, with their currency."""

from typing import Any

from rest_framework import serializers

from areamedica.api.serializing import Ready
from ledger.amounts import from_minor
from ledger.chart import Floor, Kind, Owner
from ledger.models import Account, Balance, Entry, Hold, HoldEnd, Transfer
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
    closed_at = serializers.DateTimeField(
        source="closure.at", default=None, allow_null=True, help_text="for good"
    )
    overdraft = serializers.SerializerMethodField(
        help_text="how far below zero it may go; null: as far as it comes"
    )
    ceiling = serializers.SerializerMethodField(help_text="the most that may be on it")
    metadata = serializers.DictField(child=serializers.CharField())

    def get_overdraft(self, account: Account) -> str | None:
        if account.floor_rule == Floor.NONE:
            return None
        return str(from_minor(account.overdraft, account.currency))

    def get_ceiling(self, account: Account) -> str | None:
        if account.ceiling is None:
            return None
        return str(from_minor(account.ceiling, account.currency))


class BalanceOut(Ready):
    account_id = serializers.UUIDField()
    amount = serializers.CharField()
    held = serializers.CharField(help_text="of the amount, by open holds")
    currency = serializers.CharField()
    is_frozen = serializers.BooleanField()

    def to_representation(self, instance: Balance) -> dict[str, Any]:
        return {
            "account_id": str(instance.pk),
            "amount": str(from_minor(instance.amount, instance.currency)),
            "held": str(from_minor(instance.held, instance.currency)),
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
    reverses = serializers.UUIDField(allow_null=True, help_text="what it takes back")
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
            "reverses": str(instance.reverses) if instance.reverses else None,
            # The line of an import's file is a number there.
            "metadata": {name: str(each) for name, each in instance.metadata.items()},
        }


class GroupOut(Ready):
    """An entry of many legs: what it was booked as, in order."""

    id = serializers.UUIDField()
    transfers = TransferOut(many=True)


class HoldOut(Ready):
    id = serializers.UUIDField()
    debit_id = serializers.UUIDField()
    credit_id = serializers.UUIDField()
    amount = serializers.CharField()
    currency = serializers.CharField()
    code = serializers.CharField()
    effective = serializers.DateField()
    state = serializers.ChoiceField(["open", *HoldEnd.Kind.values])
    held_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    transfer_id = serializers.UUIDField(allow_null=True, help_text="once it is posted")

    def to_representation(self, instance: Hold) -> dict[str, Any]:
        end = getattr(instance, "end", None)
        currency = instance.debit.currency
        return {
            "id": str(instance.key),
            "debit_id": str(instance.debit_id),
            "credit_id": str(instance.credit_id),
            "amount": str(from_minor(instance.amount, currency)),
            "currency": currency,
            "code": instance.code,
            "effective": instance.effective.isoformat(),
            "state": end.kind if end else "open",
            "held_at": instance.at.isoformat(),
            "expires_at": instance.expires_at.isoformat(),
            "ended_at": end.at.isoformat() if end else None,
            "transfer_id": str(end.transfer_id) if end and end.transfer_id else None,
        }


class HoldsOut(Ready):
    items = HoldOut(many=True)
    next_after = serializers.UUIDField(allow_null=True)


class PageQuery(serializers.Serializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=50, help_text="rows of a page"
    )


class HistoryQuery(PageQuery):
    before = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="`next_before`"
    )


class HoldQuery(PageQuery):
    account_id = serializers.UUIDField(help_text="whose, on either side")
    after = serializers.UUIDField(required=False, help_text="`next_after`")


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
