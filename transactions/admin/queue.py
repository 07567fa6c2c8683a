"""The review queue: what waits for a person, the oldest first."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from transactions.models import Transaction

SHOWN = 100
_PEOPLE = ("created_by", "corrected_by", "first_approver")


def waiting() -> QuerySet[Transaction]:
    """The queue, with its people."""
    return Transaction.objects.in_review().select_related(*_PEOPLE)


def decidable_by(actor: User) -> QuerySet[Transaction]:
    """Those the actor may still do something about: not his, not signed by him."""
    mine = Q(created_by=actor) | Q(corrected_by=actor) | Q(first_approver=actor)
    return Transaction.objects.in_review().exclude(
        pk__in=Transaction.objects.in_review().filter(mine).order_by().values("pk")
    )


def next_after(transaction: Transaction, *, actor: User) -> Transaction | None:
    """The next one to decide, beginning again at the oldest; None: all done."""
    others = decidable_by(actor).exclude(pk=transaction.pk)
    later = others.filter(
        Q(created_at__gt=transaction.created_at)
        | Q(created_at=transaction.created_at, pk__gt=transaction.pk)
    )
    return later.first() or others.first()


def previous_before(transaction: Transaction, *, actor: User) -> Transaction | None:
    """The one before it, for walking back."""
    earlier = decidable_by(actor).filter(
        Q(created_at__lt=transaction.created_at)
        | Q(created_at=transaction.created_at, pk__lt=transaction.pk)
    )
    return earlier.order_by("-created_at", "-pk").first()


def place_of(transaction: Transaction) -> int:
    """Its place in the queue, from 1."""
    before = Transaction.objects.in_review().filter(
        Q(created_at__lt=transaction.created_at)
        | Q(created_at=transaction.created_at, pk__lt=transaction.pk)
    )
    return before.count() + 1


def oldest_wait() -> Transaction | None:
    return Transaction.objects.in_review().filter(created_at__lte=Now()).first()
