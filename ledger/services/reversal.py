"""Take back a transfer, wholly or in part, by another one the other way round."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.transaction import atomic

from accounts.models import User
from areamedica.clock import caracas_day
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from ledger.amounts import from_minor
from ledger.errors import ExceedsOriginal, NotReversible, PostingKeyReused
from ledger.models import Transfer
from ledger.services.holds import lock
from ledger.services.posting import Posting, post

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
) -> Transfer:
    """Book the reversal of a transfer, effective today in Caracas; None is all of it.

    "All" is what earlier reversals have left. The same key again gives what it booked.

    :raises Forbidden: :raises NotReversible: there is no such transfer, or it is itself
        a reversal. :raises ExceedsOriginal: nothing, or less, is left of it.
    :raises PostingKeyReused: and whatever else `post` raises.
    """
    actor.demand(Permission.LEDGER_POST)
    of = Transfer.objects.select_related("debit").filter(pk=original).first()
    if of is None:
        raise NotReversible
    lock(of.debit_id, of.credit_id)
    before = Transfer.objects.filter(pk=key).first()
    if before is not None:
        return _as_before(before, of, amount)
    wanted = amount if amount is not None else _rest(of)
    post(
        Posting(
            key=key,
            debit=of.credit_id,
            credit=of.debit_id,
            amount=wanted,
            currency=of.debit.currency,
            code=CODE,
            effective=caracas_day(now),
            cause=(CAUSE, str(original)),
            reverses=original,
        )
    )
    record(
        Action.TRANSFER_REVERSED,
        actor_id=actor.pk,
        subject=("transfer", key),
        facts={"original": original, "amount": wanted, "reason": reason},
    )
    return Transfer.objects.get(pk=key)


def _as_before(before: Transfer, of: Transfer, amount: Decimal | None) -> Transfer:
    booked = from_minor(before.amount, of.debit.currency)
    if before.reverses != of.pk or amount not in (None, booked):
        raise PostingKeyReused
    return before


def _rest(of: Transfer) -> Decimal:
    """What earlier reversals have left of it, under the locks of its accounts."""
    if of.reverses is not None:
        raise NotReversible
    reversals = Transfer.objects.filter(reverses=of.pk)
    taken = reversals.aggregate(total=Sum("amount"))["total"] or 0
    if taken >= of.amount:
        raise ExceedsOriginal
    return from_minor(of.amount - int(taken), of.debit.currency)
