"""Take back what was booked, wholly or in part, by transfers the other way round."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.transaction import atomic

from accounts.models import User
from areamedica.clock import caracas_day
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import Event, record_all
from ledger.amounts import from_minor, to_minor
from ledger.errors import ExceedsOriginal, NotReversible, PostingKeyReused
from ledger.models import Transfer
from ledger.services.legs import keys_of, linked, transfers_of
from ledger.services.posting import Posting, lock, post_batch, refuse_failed

CODE = "reversal"
CAUSE = "reversal"


@atomic
def reverse(
    *,
    original: UUID,
    key: UUID,
    amount: Decimal | None,
    actor: User,
    reason: str,
    now: datetime,
) -> tuple[Transfer, bool]:
    """Book the reversal of a transfer, effective today in Caracas; None is all of it.
    What is booked, and whether it is new.

    "All" is what earlier reversals have left. The same key again gives what it booked,
    if that is what is wanted: the rest is not the part that was taken back before.

    :raises Forbidden: :raises NotReversible: there is no such transfer, or it is itself
        a reversal. :raises ExceedsOriginal: nothing, or less, is left of it.
    :raises PostingKeyReused: and whatever else `post` raises.
    """
    actor.demand(Permission.LEDGER_POST)
    of = Transfer.objects.select_related("debit").filter(pk=original).first()
    if of is None:
        raise NotReversible
    [back], is_new = _taken_back(key, [of], amount, actor, reason, now)
    return back, is_new


@atomic
def reverse_entry(
    *, entry: UUID, key: UUID, actor: User, reason: str, now: datetime
) -> tuple[list[Transfer], bool]:
    """`reverse` of all that is left of an entry of many legs, as one such entry.

    :raises Forbidden: and whatever else `reverse` raises.
    """
    actor.demand(Permission.LEDGER_POST)
    originals = transfers_of(entry)
    if not originals:
        raise NotReversible
    return _taken_back(key, originals, None, actor, reason, now)


def left_of(transfers: Collection[Transfer]) -> Mapping[UUID, int]:
    """What reversals have left of each, in minor units; of a reversal it is nothing."""
    reversals = Transfer.objects.filter(reverses__in=[each.pk for each in transfers])
    taken = dict(reversals.values_list("reverses").annotate(total=Sum("amount")))
    return {
        each.pk: 0 if each.reverses else each.amount - int(taken.get(each.pk, 0))
        for each in transfers
    }


def _taken_back(
    key: UUID,
    originals: Sequence[Transfer],
    amount: Decimal | None,
    actor: User,
    reason: str,
    now: datetime,
) -> tuple[list[Transfer], bool]:
    """What is booked as `key`, and whether it is new."""
    lock(*{pk for of in originals for pk in (of.debit_id, of.credit_id)})
    if before := transfers_of(key):
        _demand_same(before, originals, amount)
        return before, False
    wanted = _rests(originals) if amount is None else [(of, amount) for of in originals]
    today = caracas_day(now)
    back = [
        _back(each, of, part, today)
        for each, (of, part) in zip(keys_of(key), wanted, strict=False)
    ]
    refuse_failed(post_batch(linked(back)))
    record_all(
        Event(
            action=Action.TRANSFER_REVERSED,
            actor_id=actor.pk,
            subject=("transfer", each.key),
            facts={
                "original": each.reverses,
                "amount": each.amount,
                "effective": each.effective,
                "reason": reason,
            },
        )
        for each in back
    )
    return transfers_of(key), True


def _back(key: UUID, of: Transfer, amount: Decimal, day: date) -> Posting:
    return Posting(
        key=key,
        debit=of.credit_id,
        credit=of.debit_id,
        amount=amount,
        currency=of.debit.currency,
        code=CODE,
        effective=day,
        cause=(CAUSE, str(of.pk)),
        reverses=of.pk,
    )


def _demand_same(
    booked: Sequence[Transfer],
    originals: Sequence[Transfer],
    amount: Decimal | None,
) -> None:
    """:raises PostingKeyReused: the key has not booked what is wanted now."""
    if amount is None:
        wanted = _left_before(booked, originals)
    else:
        wanted = {of.pk: to_minor(amount, of.debit.currency) for of in originals}
    if {each.reverses: each.amount for each in booked} != wanted:
        raise PostingKeyReused


def _left_before(
    booked: Sequence[Transfer], originals: Sequence[Transfer]
) -> dict[UUID, int]:
    """What was left of each that something was left of, before these reversals.

    All reversals of one transfer debit the same account, which numbers them. Of one
    that these have not touched there is only the moment.
    """
    numbers = {each.reverses: each.debit_seq for each in booked}
    left = Counter({of.pk: of.amount for of in originals})
    reversals = Transfer.objects.filter(reverses__in=left)
    told = reversals.values_list("reverses", "debit_seq", "at", "amount")
    for of, seq, at, amount in told:
        is_before = seq < numbers[of] if of in numbers else at < booked[0].at
        if of and is_before:
            left[of] -= amount
    return dict(+left)


def _rests(originals: Sequence[Transfer]) -> list[tuple[Transfer, Decimal]]:
    """What earlier reversals have left of each that something is left of."""
    if any(of.reverses for of in originals):
        raise NotReversible
    left = left_of(originals)
    rests = [
        (of, from_minor(left[of.pk], of.debit.currency))
        for of in originals
        if left[of.pk] > 0
    ]
    if not rests:
        raise ExceedsOriginal
    return rests
