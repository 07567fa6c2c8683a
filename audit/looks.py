"""A person wants the journal verified now: a row, a task, and the row again."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.db.models.functions import Now
from django.db.transaction import atomic, on_commit

from areamedica import doorbell
from areamedica.database import violated
from areamedica.permissions import Permission
from audit.actions import Action
from audit.models import Look
from audit.seal.verification import verify_and_keep
from audit.services import record

if TYPE_CHECKING:
    from areamedica.back_office import Person

# Whoever began longer ago is dead.
_GIVEN_UP = timedelta(hours=1)


def ask_to_look(*, actor: "Person") -> Look:
    """Have everything verified; the look that is under way when there is one.

    :raises Forbidden: the actor may not read the journal.
    """
    actor.demand(Permission.AUDIT_READ)
    try:
        with atomic():
            look = Look.objects.create(asked_by=actor.pk)
            record(Action.LOOK_ASKED, actor_id=actor.pk, subject=("look", look.pk))
            on_commit(lambda: doorbell.ring("audit.look"))
    except IntegrityError as error:
        if violated(error) != "look_one_at_a_time":
            raise
        return Look.objects.first() or ask_to_look(actor=actor)
    return look


def run_waiting() -> int:
    """Do the look that waits, or that died under way; how many were done."""
    free = Q(begun_at=None) | Q(begun_at__lt=Now() - _GIVEN_UP)
    waiting = Look.objects.filter(free, ended_at=None).values_list("pk", flat=True)
    return sum(_run(pk) for pk in waiting)


def _run(pk: UUID) -> bool:
    mine = Look.objects.filter(pk=pk, ended_at=None)
    free = Q(begun_at=None) | Q(begun_at__lt=Now() - _GIVEN_UP)
    if not mine.filter(free).update(begun_at=Now()):
        return False

    def tell(seen: int, size: int) -> None:
        mine.update(seen=seen, size=size)

    report = verify_and_keep(only_the_end=False, told=tell)
    mine.update(
        seen=report.size,
        size=report.size,
        ended_at=Now(),
        findings=len(report.findings),
    )
    return True
