"""Re-drive whatever is due: nothing depends on a message having arrived."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db.models import Q
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID, User
from audit.actions import Action
from audit.services import record
from transactions.errors import TransactionNotFound
from transactions.models import Inquiry, Transaction
from transactions.models.inquiry import MOST_ATTEMPTS
from transactions.models.transaction import carrying_on
from transactions.outbox import ring, ring_soon
from transactions.states import OPEN, Reason, State

log = structlog.get_logger("transactions.sweep")

_A_HANDFUL = 500
# A message costs half as much as a verdict. While the bank is kept busy anyway, a few
# inquiries share one; a handful is asked about side by side.
_BACKLOG, _GROUP = 50, 4
# A message older than this is taken for lost.
_RING_AGAIN = timedelta(seconds=60)


def sweep() -> int:
    """Ring for due inquiries, bury poison, end overdue waits; the number rung.

    Two sweeps at once share the rows between them.
    """
    bury_poison()
    end_overdue_dead_letters()
    due, rung = _take_due(), 0
    size = _GROUP if len(due) > _BACKLOG else 1
    for first in range(0, len(due), size):
        group = due[first : first + size]
        if not ring(*group):
            break
        rung += len(group)
    return rung


@atomic
def _take_due() -> list[UUID]:
    silent = Q(rung_at=None) | Q(rung_at__lt=Now() - _RING_AGAIN)
    due = Inquiry.objects.due().filter(silent, attempts__lt=MOST_ATTEMPTS)
    locked = due.order_by("due_at").select_for_update(skip_locked=True)
    taken = list(locked.values_list("pk", flat=True)[:_A_HANDFUL])
    Inquiry.objects.filter(pk__in=taken).update(rung_at=Now())
    return taken


def bury_poison() -> int:
    """Give up on inquiries whose every attempt died; the number buried."""
    poison = Inquiry.objects.living().filter(
        Q(leased_until=None) | Q(leased_until__lt=Now()),
        attempts__gte=MOST_ATTEMPTS,
    )
    buried = poison.update(dead_at=Now(), lease=None, leased_until=None)
    if buried:
        log.error("inquiries_buried", count=buried)
    return buried


def end_overdue_dead_letters() -> int:
    """Hand overdue dead letters to a person: a claim is never forgotten."""
    overdue = Inquiry.objects.dead().filter(deadline_at__lte=Now())
    ended = 0
    for transaction_id in overdue.values_list("pk", flat=True)[:_A_HANDFUL]:
        with carrying_on(transaction_id):
            ended += _hand_over(transaction_id)
    return ended


@atomic
def _hand_over(transaction_id: UUID) -> int:
    locked = Transaction.objects.select_for_update(of=("self",))
    transaction = locked.get(pk=transaction_id)
    if transaction.status not in OPEN:
        return 0
    transaction.step(
        State.TO_REVIEW,
        reason=Reason.NOT_SEEN,
        actor_id=SYSTEM_ID,
    )
    Inquiry.objects.filter(pk=transaction_id).delete()
    return 1


@atomic
def replay_dead_letter(*, actor: User, transaction_id: UUID) -> None:
    """Ask again about a buried inquiry, from now.

    :raises TransactionNotFound: nothing is buried under this id.
    """
    revived = (
        Inquiry.objects.dead()
        .filter(pk=transaction_id)
        .update(dead_at=None, attempts=0, due_at=Now(), rung_at=None)
    )
    if not revived:
        raise TransactionNotFound
    record(
        Action.INQUIRY_REPLAYED,
        actor_id=actor.pk,
        subject=("transaction", transaction_id),
    )
    ring_soon()
