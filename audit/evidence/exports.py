"""Evidence for others: what the journal says of one subject, or of some days."""

from datetime import date
from uuid import UUID

from django.db.models import Max, Min
from django.db.transaction import atomic

from areamedica.clock import end_of, start_of
from areamedica.errors import InvalidInput
from audit.actions import Action
from audit.errors import NotSealed, PeriodTooLong, Pruned, RecordNotFound
from audit.evidence.bundle import Asked, zipped
from audit.models import Leaf, Record
from audit.services import record

MOST_RECORDS = 5_000


@atomic
def export_evidence(*, subject_id: str, actor_id: UUID) -> bytes:
    """The zip of everything journaled about a subject; the export is journaled.

    :raises RecordNotFound: there is nothing. :raises NotSealed: a record is too young.
    :raises Pruned: the words of a record were not kept that long.
    """
    records = Record.objects.filter(subject_id=subject_id).order_by("pk")
    kinds = dict(records.values_list("pk", "subject_type"))
    if not subject_id or not kinds:
        raise RecordNotFound
    leaves = list(Leaf.objects.filter(record_id__in=kinds).order_by("number"))
    if len(leaves) < len(kinds):
        raise NotSealed
    _demand_words(leaves)
    kind = kinds[leaves[0].record_id]
    bundle = zipped(Asked(f"{kind} {subject_id}", is_whole=False), leaves)
    record(
        Action.SEALED_EVIDENCE_EXPORTED,
        actor_id=actor_id,
        subject=(kind, subject_id),
        facts={"records": len(leaves)},
    )
    return bundle


@atomic
def export_period(*, first: date, last: date, actor_id: UUID) -> bytes:
    """The zip of all that was sealed from one Caracas day to another, without a hole.

    :raises InvalidInput: the last day is before the first. :raises RecordNotFound:
        nothing is sealed of them. :raises PeriodTooLong: too much is.
    :raises Pruned: as `export_evidence`.
    """
    if not first <= last < date.max:
        raise InvalidInput(fields={"to": ["< from"]})
    days = Record.objects.filter(at__gte=start_of(first), at__lt=end_of(last))
    sealed = Leaf.objects.filter(record_id__in=days.values("pk"))
    ends = sealed.aggregate(first=Min("number"), last=Max("number"))
    if ends["first"] is None:
        raise RecordNotFound
    if ends["last"] - ends["first"] >= MOST_RECORDS:
        raise PeriodTooLong(most=MOST_RECORDS)
    # Whatever was sealed in between belongs to it, or a hole could hide something.
    span = Leaf.objects.filter(number__range=(ends["first"], ends["last"]))
    leaves = list(span.order_by("number"))
    _demand_words(leaves)
    asked = Asked(f"{first.isoformat()} – {last.isoformat()}", is_whole=True)
    bundle = zipped(asked, leaves)
    record(
        Action.SEALED_EVIDENCE_EXPORTED,
        actor_id=actor_id,
        facts={"from": first, "to": last, "records": len(leaves)},
    )
    return bundle


def _demand_words(leaves: list[Leaf]) -> None:
    if not all(leaf.entry for leaf in leaves):
        raise Pruned
