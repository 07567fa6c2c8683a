"""Two steps: hold the money first, then post it, release it, or let it expire."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.transaction import atomic
from django.utils.translation import gettext_lazy as _

from accounts.models import SYSTEM_ID, User
from areamedica.errors import Refusal
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from ledger.amounts import fitting, from_minor, to_minor
from ledger.errors import (
    AccountClosed,
    HoldEnded,
    HoldExpired,
    HoldNotFound,
    MalformedPosting,
)
from ledger.models import Account, Hold, HoldEnd, Transfer
from ledger.services.posting import (
    BOOKED,
    ONE_ACCOUNT,
    REFUSED,
    Outcome,
    Posting,
    closed_among,
    lock,
)

CAUSE = "hold"
_REFUSED: dict[str, type[Refusal]] = {
    **{outcome.value: refusal for outcome, refusal in REFUSED.items()},
    "hold_not_found": HoldNotFound,
    "hold_ended": HoldEnded,
    "hold_expired": HoldExpired,
}
_TRANSFERS_ONLY = _("a hold has no metadata, links or reversals")
# A sweep ends in a minute, however many have expired; the next one goes on.
_AT_ONCE = 1_000


@atomic
def hold(
    *,
    posting: Posting,
    expires_at: datetime,
    actor: User,
    now: datetime,
    is_dated: bool,
) -> tuple[Hold, bool]:
    """Keep the amount of a transfer free on each account that it would shrink; what is
    held, and whether it is new.

    `posting.key` names the hold. Its code and effective day become the transfer's;
    metadata, links and reversals are not for holds. The same again gives the same.
    Unless its day was named (`is_dated`), sent again it has that of the first time.

    :raises Forbidden: :raises HoldExpired: it would have expired already.
    :raises MalformedPosting: :raises UnpostableAmount: and whatever else `post` raises.
    """
    actor.demand(Permission.LEDGER_POST)
    if posting.is_linked or posting.reverses or posting.metadata:
        raise MalformedPosting(place=0, why=_TRANSFERS_ONLY)
    if posting.debit == posting.credit:
        raise MalformedPosting(place=0, why=ONE_ACCOUNT)
    if not is_dated:
        posting = _on_its_first_day(posting)
    is_new = _reserve(posting, expires_at)
    if is_new:
        # Only now: a hold of before is the same again, also after its time.
        if expires_at <= now:
            raise HoldExpired
        facts: dict[str, object] = {"amount": posting.amount, "until": expires_at}
        _record(Action.MONEY_HELD, actor.pk, posting.key, facts)
    return Hold.objects.select_related("debit", "end").get(pk=posting.key), is_new


def _on_its_first_day(posting: Posting) -> Posting:
    # Whoever holds the same takes the same locks: who came first is seen after them.
    lock(posting.debit, posting.credit)
    before = Hold.objects.filter(pk=posting.key).first()
    return replace(posting, effective=before.effective) if before else posting


def _reserve(posting: Posting, expires_at: datetime) -> bool:
    """Whether it is new."""
    result = _said(
        "SELECT ledger_reserve(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        posting.key,
        posting.debit,
        posting.credit,
        to_minor(posting.amount, posting.currency),
        posting.currency,
        posting.code,
        posting.effective,
        *posting.cause,
        expires_at,
    )
    _demand_booked(result, (posting.debit, posting.credit))
    return result == Outcome.POSTED


@atomic
def post_hold(
    *, hold: UUID, key: UUID, amount: Decimal | None, actor: User, now: datetime
) -> tuple[Transfer, bool]:
    """Book the held transfer as `key`, for `amount` or all of it; the rest is free.
    What is booked, and whether it is new.

    :raises Forbidden: :raises HoldNotFound: :raises HoldEnded: :raises HoldExpired:
    :raises ExceedsOriginal: more than was held. :raises AccountClosed:
    :raises AccountFrozen: and whatever else `post` raises; the hold then stays.
    """
    actor.demand(Permission.LEDGER_POST)
    part = None if amount is None else to_minor(amount, _currency_of(hold))
    result = _end(hold, HoldEnd.Kind.POSTED, now, key, part)
    transfer = Transfer.objects.select_related("debit").get(pk=key)
    is_new = result == Outcome.POSTED
    if is_new:
        booked = from_minor(transfer.amount, transfer.debit.currency)
        facts: dict[str, object] = {"transfer": key, "amount": booked}
        _record(Action.HOLD_POSTED, actor.pk, hold, facts)
    return transfer, is_new


@atomic
def void_hold(*, hold: UUID, actor: User, reason: str, now: datetime) -> None:
    """Release what is held, on frozen accounts too; once is as good as twice.

    :raises Forbidden: :raises HoldNotFound: :raises HoldEnded: otherwise than by this.
    """
    actor.demand(Permission.LEDGER_POST)
    if _end(hold, HoldEnd.Kind.VOIDED, now) == Outcome.POSTED:
        _record(Action.HOLD_VOIDED, actor.pk, hold, {"reason": reason})


def open_holds(
    account: UUID, *, now: datetime, after: UUID | None = None, limit: int
) -> list[Hold]:
    """What is held of an account's money or for it, the first to expire first.

    `after` is the last of the page before. What is overdue is left out: the next sweep
    lets go of it, and so those of all times need not be looked through.

    :raises HoldNotFound: `after` is none.
    """
    of_it = Q(debit=account) | Q(credit=account)
    rows = Hold.objects.filter(of_it, end=None, expires_at__gt=now)
    if after:
        last = Hold.objects.filter(pk=after).first()
        if last is None:
            raise HoldNotFound
        same_moment = Q(expires_at=last.expires_at, pk__gt=last.pk)
        rows = rows.filter(same_moment | Q(expires_at__gt=last.expires_at))
    shown = rows.select_related("debit", "credit", "end").order_by("expires_at", "pk")
    return list(shown[:limit])


def expire_holds(now: datetime) -> int:
    """Release what has been held too long; how many holds, a thousand at most."""
    overdue = Hold.objects.filter(expires_at__lte=now, end=None).order_by("expires_at")
    return sum(_expire(hold, now) for hold in list(overdue[:_AT_ONCE]))


@atomic
def _expire(hold: Hold, now: datetime) -> bool:
    try:
        ended = _end(hold.pk, HoldEnd.Kind.EXPIRED, now) == Outcome.POSTED
    except HoldEnded:  # somebody has released it meanwhile
        return False
    if ended:
        _record(Action.HOLD_EXPIRED, SYSTEM_ID, hold.pk, {})
    return ended


def _end(
    hold: UUID,
    how: HoldEnd.Kind,
    now: datetime,
    transfer: UUID | None = None,
    part: int | None = None,
) -> str:
    call = "SELECT ledger_end_hold(%s, %s, %s, %s, %s)"
    result = _said(call, hold, how.value, now, transfer, part)
    _demand_booked(result, _sides_of(hold))
    return result


def _said(call: str, *given: UUID | str | int | date | None) -> str:
    with fitting(), connection.cursor() as cursor:
        cursor.execute(call, given)
        return str(cursor.fetchone()[0])


def _demand_booked(result: str, accounts: Iterable[UUID]) -> None:
    """:raises Refusal: what a function of the database said, which calls frozen what is
    closed for good too. The accounts are asked for only then."""
    if result == Outcome.FROZEN and closed_among(accounts):
        raise AccountClosed
    if result not in BOOKED:
        raise _REFUSED[result]


def _sides_of(hold: UUID) -> Iterator[UUID]:
    held = Hold.objects.get(pk=hold)
    yield from (held.debit_id, held.credit_id)


def _currency_of(hold: UUID) -> str:
    found = Account.objects.filter(pk__in=Hold.objects.filter(pk=hold).values("debit"))
    currency = found.values_list("currency", flat=True).first()
    if currency is None:
        raise HoldNotFound
    return currency


def _record(
    action: Action, actor_id: UUID, hold: UUID, facts: dict[str, object]
) -> None:
    record(action, actor_id=actor_id, subject=("hold", hold), facts=facts)
