"""The whole entry of many legs that a transfer is a part of."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from ledger.admin.causes import ids
from ledger.amounts import from_minor
from ledger.models import Account, Transfer
from ledger.services.batches import ENTRY
from ledger.services.legs import transfers_of
from ledger.services.reversal import left_of


@dataclass(frozen=True)
class Part:
    """One of its transfers; nothing is ever left of one that takes another back."""

    transfer: Transfer
    credit: Account
    amount: Decimal
    left: Decimal


@dataclass(frozen=True)
class Whole:
    """All that was booked, or taken back, together."""

    parts: list[Part]

    @property
    def amount(self) -> Decimal:
        return sum((each.amount for each in self.parts), Decimal(0))

    @property
    def left(self) -> Decimal:
        return sum((each.left for each in self.parts), Decimal(0))

    @property
    def is_touched(self) -> bool:
        """Whether something of it was taken back."""
        return self.left != self.amount and not self.parts[0].transfer.reverses

    def left_without(self, transfer: Transfer) -> Decimal:
        """What is left of it beside this part."""
        beside = (each.left for each in self.parts if each.transfer.pk != transfer.pk)
        return sum(beside, Decimal(0))


def entry_of(transfer: Transfer) -> UUID | None:
    """The key of the entry that it is a leg of."""
    if transfer.cause_type != ENTRY:
        return None
    return next(ids([transfer.cause_id]), None)


def whole_of(transfer: Transfer, original: Transfer | None) -> Whole | None:
    """What was booked with it as one entry, or taken back with it (its `original` is
    a leg of one); None of what was booked alone."""
    entry = entry_of(original or transfer)
    booked = transfers_of(entry) if entry else []
    if original:
        booked = _backs(booked, transfer)
    return _whole(booked) if len(booked) > 1 else None


def _backs(booked: Sequence[Transfer], back: Transfer) -> list[Transfer]:
    """The reversals of these that were booked with `back`, in the order of these."""
    rows = Transfer.objects.select_related("debit")
    # What is booked in one go has one moment.
    found = rows.filter(reverses__in=[each.pk for each in booked], at=back.at)
    by_original = {each.reverses: each for each in found}
    return [by_original[each.pk] for each in booked if each.pk in by_original]


def _whole(booked: Sequence[Transfer]) -> Whole:
    credits_ = Account.objects.in_bulk({each.credit_id for each in booked})
    left = left_of(booked)
    parts = []
    for each in booked:
        currency = each.debit.currency
        parts.append(
            Part(
                each,
                credits_[each.credit_id],
                amount=from_minor(each.amount, currency),
                left=from_minor(left[each.pk], currency),
            )
        )
    return Whole(parts)
