"""Book what somebody asked for over the API."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.db.transaction import atomic

from accounts.models import User
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from ledger.services.posting import Outcome, Posting, post, post_batch


@atomic
def book(*, posting: Posting, actor: User) -> Outcome:
    """Post one transfer, once, and journal it: POSTED, or ALREADY_POSTED when it was.

    :raises Forbidden: :raises SignatureRequired: and as `post`.
    """
    actor.demand(Permission.LEDGER_POST)
    outcome = post(posting)
    if outcome is Outcome.POSTED:
        record(
            Action.TRANSFER_BOOKED,
            actor_id=actor.pk,
            subject=("transfer", posting.key),
            facts={
                "debit": posting.debit,
                "credit": posting.credit,
                "amount": posting.amount,
                "currency": posting.currency,
            },
        )
    return outcome


@atomic
def book_batch(
    *, postings: Sequence[Posting], actor: User, batch: UUID
) -> list[Outcome]:
    """Post them in their order, journaled as one batch; what became of each.

    :raises Forbidden: :raises SignatureRequired: and as `post_batch`.
    """
    actor.demand(Permission.LEDGER_POST)
    outcomes = post_batch(postings)
    record(
        Action.TRANSFER_BOOKED,
        actor_id=actor.pk,
        subject=("batch", batch),
        facts={"outcomes": dict(Counter(outcomes))},
    )
    return outcomes
