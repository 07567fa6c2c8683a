"""Recomputes the sealed journal from its rows and names whatever does not agree."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context

from django.db import connection, connections

from audit.checks import missing_guards
from audit.errors import NotSealed
from audit.law import retention
from audit.models import Checkpoint, Verification
from audit.seal import completeness, keys, tree
from audit.seal.notes import BadNote, Head
from audit.seal.tiles import grown_to
from audit.seal.walk import Finding, Part, Told, Walk, rewritten_before, tell_nobody

# One statement, so that a seal in between changes neither number alone.
_SIZES = """
SELECT (SELECT coalesce(max(size), 0) FROM audit_checkpoint),
       (SELECT coalesce(max(number) + 1, 0) FROM audit_leaf)
"""


@dataclass(frozen=True)
class Report:
    """What was looked at, the leaves `since..size`, and what was found."""

    since: int
    size: int
    findings: list[Finding]

    def as_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def verify(
    *,
    since: int = 0,
    kept: Sequence[str] = (),
    procs: int = 1,
    records: bool = True,
    told: Told = tell_nobody,
) -> Report:
    """Look at every leaf from the last checkpoint at or before `since` on.

    `kept` are checkpoints from outside the database: the only thing that shows a
    journal cut short or written anew by whoever has the key. Without `records` only
    hashes and signatures are looked at. `procs` processes share the leaves; of one
    alone `told` hears now and then how many leaves were seen, and of how many.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        size, leaves = cursor.fetchone()
    begin = Checkpoint.objects.filter(size__lte=since).last() if since else None
    start = begin.size if begin else 0
    findings = [
        Finding("guard missing", each, "catalogue") for each in missing_guards()
    ]
    if leaves > size:
        said = f"leaves {size} to {leaves - 1}"
        findings.append(Finding("not covered", said, "no checkpoint is as large"))
    heads = _heads(kept, size, findings)
    parts = _parts(start, size, heads, procs=procs, records=records)
    findings += _of_the_tree(parts, heads, told)
    findings += completeness.passed_over(begin, size)
    if records:
        findings += completeness.gaps()
        findings += completeness.copies()
    # At the edge of two parts the same thing may be seen from both sides.
    return Report(since=start, size=size, findings=list(dict.fromkeys(findings)))


def verify_and_keep(*, only_the_end: bool, told: Told = tell_nobody) -> Report:
    """Verify everything, or what came after the last clean look; keep the result."""
    clean = Verification.objects.filter(findings="[]").first()
    since = clean.size if only_the_end and clean else 0
    report = verify(since=since, told=told)
    keep(report)
    return report


def keep(report: Report) -> None:
    """Write down what a look found, for the figures and the journal's page."""
    said = json.dumps([str(each) for each in report.findings], ensure_ascii=False)
    Verification.objects.create(since=report.since, size=report.size, findings=said)


def _heads(kept: Sequence[str], size: int, findings: list[Finding]) -> list[Head]:
    """What the checkpoints kept elsewhere state; a size beyond ours is a finding."""
    heads = []
    for note in kept:
        try:
            head, _ = keys.opened_by_all(note)
        except BadNote as problem:
            findings.append(Finding("forged", "the checkpoint given", str(problem)))
            continue
        if head.size > size:
            said = f"the journal, from {head.size} records to {size}"
            findings.append(Finding("cut short", said, "checkpoint kept elsewhere"))
        else:
            heads.append(head)
    return heads


def _parts(
    start: int, size: int, kept: list[Head], *, procs: int, records: bool
) -> list[Part]:
    signed_from = completeness.signed_from() if records else None
    pruned_below = retention.pruned_below()
    return [
        Part(first, last, records, tuple(kept), signed_from, pruned_below)
        for first, last in _runs(start, size, procs)
    ]


def _of_the_tree(parts: list[Part], kept: list[Head], told: Told) -> Iterator[Finding]:
    start, size = parts[0].start, parts[-1].stop
    try:
        yield from _earlier(start, kept)
        if len(parts) > 1:
            yield from _side_by_side(parts)
        else:
            yield from Walk(parts[0], told).findings()
    except NotSealed:
        said = f"the tree before leaf {start or size}"
        yield Finding("missing", said, "its rows are gone")


def _runs(start: int, size: int, procs: int) -> list[tuple[int, int]]:
    """The leaves in as many runs as there are processes, cut at the edges of tiles."""
    cuts = [start + (size - start) * at // procs & -tree.TILE for at in range(1, procs)]
    edges = [start, *(cut for cut in cuts if start < cut < size), size]
    return list(zip(edges, edges[1:], strict=False))


def _earlier(start: int, kept: list[Head]) -> Iterator[Finding]:
    """What was kept of the tree before the part that is looked at."""
    read = grown_to(start)
    for head in kept:
        if head.size <= start and tree.root(read, head.size) != head.root:
            yield rewritten_before(head)


def _walked(part: Part) -> list[Finding]:
    return list(Walk(part).findings())


def _walked_if_it_can(part: Part) -> list[Finding] | None:
    try:
        return _walked(part)
    except NotSealed:
        return None


def _side_by_side(parts: list[Part]) -> Iterator[Finding]:
    """Each process trusts the stored tiles before its part: another one checks them.

    A part that cannot begin, because of tiles that are gone, is for one process alone.
    """
    # A connection must not be shared with a child; each opens its own.
    connections.close_all()
    with ProcessPoolExecutor(len(parts), get_context("fork")) as pool:
        found = list(pool.map(_walked_if_it_can, parts))
    walked = [each for each in found if each is not None]
    if len(walked) < len(parts):
        walked = [_walked(replace(parts[0], stop=parts[-1].stop))]
    yield from _merged(walked)


def _merged(found: list[list[Finding]]) -> Iterator[Finding]:
    """Roots after the first that differs differ for the same reason."""
    is_rewritten = False
    for findings in found:
        yield from (
            each for each in findings if not (is_rewritten and each.kind == "rewritten")
        )
        is_rewritten = is_rewritten or any(
            each.kind == "rewritten" for each in findings
        )
