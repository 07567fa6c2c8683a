"""What beat asks of this room."""

from pathlib import Path

import structlog
from celery import shared_task
from django.conf import settings
from django.utils import timezone

from audit import looks
from audit import replay as replaying
from audit.law import retention
from audit.seal import publishing, sealing, verification, witnesses

log = structlog.get_logger("audit.tasks")


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal what was committed; does nothing while another process is at it."""
    sealing.seal()


@shared_task(name="audit.publish")
def publish() -> None:
    """The second way, beside the sealer's own: whom it left out is asked here."""
    publishing.publish_everywhere(witnesses.named(), now=timezone.now())


@shared_task(name="audit.anchor")
def anchor() -> None:
    """Daily: a checkpoint, signed twice, in a folder that leaves the house."""
    if settings.AUDIT_ANCHOR_FOLDER:
        now = timezone.now()
        said = publishing.signed_twice(publishing.newest(), now=now)
        publishing.anchor(Path(settings.AUDIT_ANCHOR_FOLDER), said, now=now)


@shared_task(name="audit.verify_the_end")
def verify_the_end() -> None:
    """Hourly: what was sealed since the last clean look."""
    _look(only_the_end=True)


# A million records take minutes on a small machine.
@shared_task(name="audit.verify_all", time_limit=3600)
def verify_all() -> None:
    """Nightly: every record, from the first."""
    _look(only_the_end=False)


@shared_task(name="audit.look", time_limit=3600)
def look() -> None:
    """What a person asked to have verified; beat rings too, in case Redis was away."""
    looks.run_waiting()


@shared_task(name="audit.prune", time_limit=3600)
def prune() -> None:
    """Nightly: what two people agreed to prune."""
    if number := retention.prune_approved():
        log.info("journal_pruned", records=number)


def _look(*, only_the_end: bool) -> None:
    report = verification.verify_and_keep(only_the_end=only_the_end)
    for finding in report.findings:
        log.error("journal_disagrees", finding=str(finding))


@shared_task(name="audit.replay", time_limit=3600)
def replay() -> None:
    """Nightly: what the events since the last replay make of the rows."""
    for projection in replaying.PROJECTIONS.values():
        found = replaying.replay(projection)
        for difference in replaying.differences(found):
            log.error("replay_differs", of=projection.name, what=difference)
