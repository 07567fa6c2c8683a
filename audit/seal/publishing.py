"""Has the witnesses cosign what we sealed, and gives out what they cosigned.

Never in a transaction: a seal does not wait for somebody else's machine. A witness that
was away catches up by itself, from the size he remembers.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings

from areamedica.clock import caracas_day
from audit import figures
from audit.errors import NotSealed
from audit.models import Checkpoint, Cosignature
from audit.seal import keys, tiles, tree
from audit.seal.notes import BadNote, cosignature, opened
from audit.seal.verification import keep, verify
from audit.seal.witnesses import Contradicted, Elsewhere, Witness, WitnessAway, named

log = structlog.get_logger("audit.publishing")

# A witness whose clock is ahead of ours by more signs what nobody will believe.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Published:
    """A checkpoint as it is given out: below our signature, those of the witnesses."""

    size: int
    note: str


def newest(*, covering: int = 0) -> Published:
    """The newest checkpoint that enough witnesses cosigned.

    One that covers fewer than `covering` records is passed over for the newest of all:
    a proof without witnesses is better than none. Without witnesses all are enough.

    :raises NotSealed: there is none.
    """
    size = figures.cosigned_size()
    found = Checkpoint.objects.filter(size=size).first() if size >= covering else None
    if found is None and (covering or not settings.AUDIT_WITNESSES):
        found = Checkpoint.objects.last()
    if found is None:
        raise NotSealed
    return published(found)


def newest_of_all() -> Published:
    """The newest checkpoint, whoever cosigned it. :raises NotSealed: there is none."""
    last = Checkpoint.objects.last()
    if last is None:
        raise NotSealed
    return published(last)


def published(checkpoint: Checkpoint) -> Published:
    """A checkpoint with the lines of today's witnesses, and that of an anchor below."""
    names = [witness.name for witness in named()]
    said = Cosignature.objects.filter(size=checkpoint.size)
    lines = list(
        said.filter(witness__in=names)
        .order_by("witness")
        .values_list("line", flat=True)
    )
    if second := keys.anchor_signer():
        mine = said.filter(witness=second.verifier.row)
        lines += mine.values_list("line", flat=True)
    return Published(checkpoint.size, checkpoint.note + "".join(lines))


def most_lasting(*, covering: int) -> Published:
    """The last anchor that covers so many records and was signed twice, else `newest`.

    An anchor that fewer of today's witnesses cosigned than must is passed over.

    :raises NotSealed: there is none.
    """
    second = keys.anchor_signer()
    if second is None:
        return newest(covering=covering)
    signed = Cosignature.objects.filter(witness=second.verifier.row)
    last = signed.filter(size__gte=covering).order_by("-size").first()
    if last is None or not _is_cosigned(last.size):
        return newest(covering=covering)
    return published(Checkpoint.objects.get(size=last.size))


def _is_cosigned(size: int) -> bool:
    names = [witness.name for witness in named()]
    seen = Cosignature.objects.filter(size=size, witness__in=names).count()
    return not names or seen >= settings.AUDIT_WITNESS_QUORUM


def publish(witness: Witness, *, now: datetime) -> bool:
    """Have him cosign the newest checkpoint; False: he has, or there is none.

    :raises WitnessAway: :raises BadNote: his answer is no cosignature.
    :raises Contradicted: he saw another journal.
    """
    last = Checkpoint.objects.last()
    seen = Cosignature.objects.filter(witness=witness.name).order_by("-size").first()
    if last is None or (seen and seen.size == last.size):
        return False
    lines = _obtained(witness, last, old=seen.size if seen else 0)
    line, seconds = cosignature(last.note + lines, witness.key)
    seen_at = datetime.fromtimestamp(min(seconds, 2**33), UTC)
    if seen_at > now + _AHEAD:
        raise BadNote("cosigned in the future")
    Cosignature.objects.bulk_create(
        [Cosignature(size=last.size, witness=witness.name, seen_at=seen_at, line=line)],
        ignore_conflicts=True,
    )
    return True


def _obtained(witness: Witness, last: Checkpoint, *, old: int) -> str:
    try:
        return _asked(witness, last, old)
    except Elsewhere as there:
        if there.size > last.size and there.size <= tiles.sealed_size():
            raise WitnessAway("another process of ours asks him") from there
        if there.size in (0, old) or there.size > last.size:
            raise Contradicted from there
        size = there.size
    try:
        return _asked(witness, last, size)
    except Elsewhere as there:
        raise Contradicted from there


def _asked(witness: Witness, last: Checkpoint, old: int) -> str:
    read = tiles.grown_to(last.size)
    proof = tree.consistency(read, old, last.size) if old else []
    return witness.cosign(old=old, proof=proof, note=last.note)


def publish_everywhere(witnesses: list[Witness], *, now: datetime) -> list[Witness]:
    """Publish to each; those who failed us, which the log and the lag tell."""
    return [each for each in witnesses if not _published(each, now=now)]


def _published(witness: Witness, *, now: datetime) -> bool:
    try:
        publish(witness, now=now)
    except Contradicted:
        look_into(witness)
        return False
    except (WitnessAway, BadNote, NotSealed) as problem:
        said = str(problem) or type(problem).__name__
        log.warning("not_cosigned", witness=witness.name, why=said)
        return False
    return True


def look_into(witness: Witness) -> None:
    """Compare the journal with what a witness remembers of it.

    His word alone is nothing: a checkpoint that we signed and do not have is. What it
    shows is kept as a verification's finding, once.
    """
    try:
        kept = witness.remembers(keys.signer().name)
        opened(kept, keys.verifiers())
    except (WitnessAway, BadNote) as problem:
        log.error("witness_shows_nothing", witness=witness.name, why=str(problem))
        return
    report = verify(since=tiles.sealed_size(), kept=[kept])
    findings = [str(finding) for finding in report.findings]
    if set(findings) - set(figures.findings()):
        keep(report)
    log.error("witness_contradicts", witness=witness.name, findings=findings)


def anchor(folder: Path, found: Published, *, now: datetime) -> Path:
    """Lay a checkpoint down in a file of its own, for good.

    :raises OSError: it cannot be written.
    """
    path = folder / f"{caracas_day(now).isoformat()}-{found.size}.checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".new").open("wb") as file:
        file.write(found.note.encode())
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".new").replace(path)
    return path


def signed_twice(found: Published, *, now: datetime) -> Published:
    """The checkpoint with the anchor's signature, if there is a key for it.

    The line is kept among the cosignatures, so that evidence can carry it as well.
    """
    second = keys.anchor_signer()
    if second is None or keys.second_below(found.note):
        return found
    line = second.line(opened(found.note, keys.verifiers()), now=now)
    kept = Cosignature(
        size=found.size, witness=second.verifier.row, seen_at=now, line=line
    )
    Cosignature.objects.bulk_create([kept], ignore_conflicts=True)
    return published(Checkpoint.objects.get(size=found.size))
