"""How long the words of the journal are kept, and how they go (FTX-14).

Accounting records stay ten years in Venezuela (Código de Comercio, art. 44). Afterwards
two people may have the words of old records pruned; hashes and proofs stay for ever.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.db.models.functions import Now
from django.db.transaction import atomic

from areamedica.permissions import Permission
from audit.actions import Action
from audit.errors import (
    NothingOldEnough,
    NotSealed,
    OwnRequest,
    RequestClosed,
    RequestNotFound,
)
from audit.keeping import PruneRequest
from audit.models import Checkpoint, Leaf, Record
from audit.seal import keys, tiles, tree
from audit.seal.notes import opened
from audit.services import record

if TYPE_CHECKING:
    from areamedica.back_office import Person

_AT_ONCE = 5_000


def keep_since(now: datetime) -> datetime:
    """Records from this moment on are kept whatever anybody decides."""
    year = now.year - settings.RETENTION_YEARS
    try:
        return now.replace(year=year)
    except ValueError:  # the 29th of February
        return now.replace(year=year, day=28)


@atomic
def ask_to_prune(*, actor: "Person", why: str, now: datetime) -> PruneRequest:
    """Write down that everything older than the policy is to lose its words.

    :raises Forbidden: :raises NothingOldEnough: nothing is, or all of it was pruned.
    """
    actor.demand(Permission.PRIVACY_MANAGE)
    older_than = keep_since(now)
    last = Checkpoint.objects.filter(at__lt=older_than).last()
    done = PruneRequest.objects.aggregate(to=Max("pruned_to"))["to"] or 0
    if last is None or last.size <= done:
        raise NothingOldEnough(years=settings.RETENTION_YEARS)
    request = PruneRequest.objects.create(
        below=last.size,
        root=opened(last.note, keys.verifiers()).root.hex(),
        older_than=older_than,
        why=why,
        requested_by=actor.pk,
    )
    _journal(Action.PRUNING_ASKED, request, actor)
    return request


@atomic
def approve_pruning(*, request_id: UUID, actor: "Person") -> None:
    """Agree, as the second person; the journal names the range, its root and both.

    :raises Forbidden: :raises RequestNotFound: :raises RequestClosed:
    :raises OwnRequest: he asked for it himself.
    """
    request = _open(request_id, actor)
    if request.requested_by == actor.pk:
        raise OwnRequest
    request.approved_by, request.approved_at = actor.pk, Now()
    request.save(update_fields=["approved_by", "approved_at"])
    _journal(Action.RETENTION_PRUNED, request, actor)


@atomic
def decline_pruning(*, request_id: UUID, actor: "Person") -> None:
    """Close the request; nothing is pruned. :raises: as `approve_pruning`."""
    request = _open(request_id, actor)
    request.declined_by, request.declined_at = actor.pk, Now()
    request.save(update_fields=["declined_by", "declined_at"])
    _journal(Action.PRUNING_DECLINED, request, actor)


def prune_approved() -> int:
    """Prune what two people agreed to and whose record is sealed; how many records.

    In slices, each committed; harmless to repeat and to interrupt.
    """
    waiting = PruneRequest.objects.filter(pruned_at=None).exclude(approved_at=None)
    return sum(_prune(request) for request in waiting.order_by("approved_at"))


def _prune(request: PruneRequest) -> int:
    said = Record.objects.filter(
        action=Action.RETENTION_PRUNED,
        subject_type="prune",
        subject_id=str(request.pk),
    )
    if not Leaf.objects.filter(record_id__in=said.values("pk")).exists():
        return 0
    pruned = 0
    while part := _slice(request):
        pruned += part
    return pruned


def _slice(request: PruneRequest) -> int:
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_prune(%s, %s)", [request.pk, _AT_ONCE])
        return int(cursor.fetchone()[0])


def pruned_below() -> int:
    """Leaves before this number may be without their words: a sealed record says so.

    The record must still be what was sealed, and the root it names be that of the tree.
    """
    said = Record.objects.filter(action=Action.RETENTION_PRUNED).values("pk")
    sealed = Leaf.objects.filter(record_id__in=said)
    return max((_covered_by(leaf) for leaf in sealed), default=0)


def _covered_by(leaf: Leaf) -> int:
    """What one sealed record lets go of; 0 when it is not what it claims to be."""
    entry = bytes(leaf.entry)
    if tree.leaf_hash(entry) != bytes(leaf.hash):
        return 0
    try:
        said = json.loads(entry)
        facts = json.loads(said["facts"])
        below, asked_by = int(facts["below"]), facts["requested_by"]
        is_later = 0 < below <= leaf.number
        root = tree.root(tiles.grown_to(below), below) if is_later else b""
    except (ValueError, KeyError, TypeError, NotSealed):
        return 0
    agrees = root.hex() == facts.get("root") and asked_by != said.get("actor")
    return below if is_later and agrees else 0


def _open(request_id: UUID, actor: "Person") -> PruneRequest:
    actor.demand(Permission.PRIVACY_MANAGE)
    request = PruneRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise RequestNotFound
    if not request.is_open:
        raise RequestClosed
    return request


def _journal(action: Action, request: PruneRequest, actor: "Person") -> None:
    record(
        action,
        actor_id=actor.pk,
        subject=("prune", request.pk),
        facts={
            "below": request.below,
            "root": request.root,
            "requested_by": request.requested_by,
            "years": settings.RETENTION_YEARS,
        },
    )
