"""Recomputes the sealed journal from its rows and names whatever does not agree."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from django.db import connection

from audit import keys, tree
from audit.checks import missing_guards
from audit.entries import columns, entry_of
from audit.errors import NotSealed
from audit.models import START, Checkpoint, Leaf, Record, Tile, Verification
from audit.notes import BadNote, Head, Verifier, opened
from audit.tiles import stored

_AT_ONCE = 5_000
# One statement, so that a seal in between changes neither number alone.
_SIZES = """
SELECT (SELECT coalesce(max(size), 0) FROM audit_checkpoint),
       (SELECT coalesce(max(number) + 1, 0) FROM audit_leaf)
"""
_PASSED_OVER = """
SELECT record.id
  FROM audit_record record
 WHERE (record.epoch, record.xid, record.id) > (%s, %s::text::xid8, %s)
   AND (record.epoch, record.xid, record.id) <= (%s, %s::text::xid8, %s)
   AND NOT EXISTS (SELECT 1 FROM audit_leaf WHERE record_id = record.id)
 ORDER BY record.id
"""


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree: what happened to what, and what shows it."""

    kind: str
    what: str
    shown_by: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} ({self.shown_by})"


@dataclass(frozen=True)
class Report:
    """What was looked at, the leaves `since..size`, and what was found."""

    since: int
    size: int
    findings: list[Finding]

    def as_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def verify(*, since: int = 0, kept: Sequence[str] = ()) -> Report:
    """Look at every leaf from the last checkpoint at or before `since` on.

    `kept` are checkpoints from outside the database: the only thing that shows a
    journal cut short or written anew by whoever has the key.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        size, leaves = cursor.fetchone()
    begin = Checkpoint.objects.filter(size__lte=since).last() if since else None
    findings = [
        Finding("guard missing", each, "catalogue") for each in missing_guards()
    ]
    if leaves > size:
        said = f"leaves {size} to {leaves - 1}"
        findings.append(Finding("not covered", said, "no checkpoint is as large"))
    heads = _heads(kept, size, findings)
    try:
        findings += _Walk(begin=begin, size=size, kept=heads).findings()
    except NotSealed:
        said = f"the tree before leaf {begin.size if begin else size}"
        findings.append(Finding("missing", said, "its rows are gone"))
    findings += _passed_over(begin, size)
    return Report(since=begin.size if begin else 0, size=size, findings=findings)


def verify_and_keep(*, only_the_end: bool) -> Report:
    """Verify everything, or what came after the last clean look; keep the result."""
    clean = Verification.objects.filter(findings="[]").first()
    since = clean.size if only_the_end and clean else 0
    report = verify(since=since)
    findings = [str(finding) for finding in report.findings]
    Verification.objects.create(
        since=report.since,
        size=report.size,
        findings=json.dumps(findings, ensure_ascii=False),
    )
    return report


def _heads(kept: Sequence[str], size: int, findings: list[Finding]) -> list[Head]:
    """What the checkpoints kept elsewhere state; a size beyond ours is a finding."""
    heads = []
    for note in kept:
        try:
            head = opened(note, keys.verifiers())
        except BadNote as problem:
            findings.append(Finding("forged", "the checkpoint given", str(problem)))
            continue
        if head.size > size:
            said = f"the journal, from {head.size} records to {size}"
            findings.append(Finding("cut short", said, "checkpoint kept elsewhere"))
        else:
            heads.append(head)
    return heads


def _passed_over(begin: Checkpoint | None, size: int) -> list[Finding]:
    """Records that stand where sealing has long been, and are not sealed."""
    last = Checkpoint.objects.filter(size=size).first()
    if last is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PASSED_OVER, [*(begin.place if begin else START), *last.place])
        found = [pk for (pk,) in cursor.fetchall()]
    return [
        Finding("inserted", f"record {pk}", "stands before the seal, without one")
        for pk in found
    ]


class _Sealed(NamedTuple):
    """A leaf without the cost of a model: a million of them are looked at."""

    number: int
    record_id: int
    entry: memoryview
    hash: memoryview


@dataclass
class _Walk:
    """One pass over the leaves: entries, records, order, tiles, checkpoints."""

    begin: Checkpoint | None
    size: int
    kept: list[Head]
    verifiers: list[Verifier] = field(default_factory=keys.verifiers)

    def __post_init__(self) -> None:
        since = self.begin.size if self.begin else 0
        self.since = self.agreed = since
        self.place = (
            (self.begin.epoch, self.begin.xid, self.begin.record_id)
            if self.begin
            else (-1, 0, 0)
        )
        self.read = tree.remembering(stored)
        self.frontier = tree.Frontier(self.read, since)
        # A leaf that is gone ends the tree; a root that differs ends comparing roots,
        # for every later one differs for the same reason.
        self.is_lost = self.is_rewritten = False
        # Hashes of the tile that is being filled, level by level.
        self.rows = [
            list(self.read(level, at & -tree.TILE, at)) if at % tree.TILE else []
            for level in range(8)
            for at in [since >> (level * tree.TILE_BITS)]
        ]

    def findings(self) -> Iterator[Finding]:
        if self.begin:
            yield from self._held_to(self.since)
        for start in range(self.since, self.size, _AT_ONCE):
            yield from self._stretch(start, min(start + _AT_ONCE, self.size))
        for head in self.kept:
            if head.size < self.since and tree.root(self.read, head.size) != head.root:
                yield self._rewritten(head)

    def _stretch(self, start: int, stop: int) -> Iterator[Finding]:
        rows = Leaf.objects.filter(number__gte=start, number__lt=stop)
        told = rows.values_list("number", "record_id", "entry", "hash")
        leaves = {leaf.number: leaf for leaf in map(_Sealed._make, told)}
        records = Record.objects.in_bulk([leaf.record_id for leaf in leaves.values()])
        self.notes = {
            each.size: each
            for each in Checkpoint.objects.filter(size__gt=start, size__lte=stop)
        }
        for number in range(start, stop):
            leaf = leaves.get(number)
            if leaf is None:
                yield Finding("missing", f"leaf {number}", "its row is gone")
                self.is_lost = True
                continue
            yield from self._entry(leaf, records.get(leaf.record_id))
            yield from self._grow(bytes(leaf.hash))
            yield from self._held_to(number + 1)

    def _entry(self, leaf: _Sealed, record: Record | None) -> Iterator[Finding]:
        entry = bytes(leaf.entry)
        what = f"record {leaf.record_id}"
        if tree.leaf_hash(entry) != bytes(leaf.hash):
            yield Finding("altered", f"{what}, its sealed bytes", f"leaf {leaf.number}")
        if record is None:
            yield Finding("deleted", what, f"leaf {leaf.number} holds its bytes")
        elif entry_of(record) != entry:
            yield Finding("altered", what, _differing(record, entry))
        yield from self._order(leaf, entry)

    def _order(self, leaf: _Sealed, entry: bytes) -> Iterator[Finding]:
        said = _parsed(entry)
        place = _place(said)
        if said.get("id") != leaf.record_id:
            yield Finding("altered", f"leaf {leaf.number}", "names another record")
        if place <= self.place:
            yield Finding("reordered", f"record {leaf.record_id}", "out of its place")
        self.place = place

    def _grow(self, leaf: bytes) -> Iterator[Finding]:
        """Add a leaf; compare each tile that it completes with the stored one."""
        if self.is_lost:
            return
        self.frontier.add(leaf)
        risen, level = leaf, 0
        self.rows[0].append(risen)
        while len(self.rows[level]) == tree.TILE:
            number = (self.frontier.size >> (level + 1) * tree.TILE_BITS) - 1
            risen = tree.fold(self.rows[level])
            yield from _tile(level, number, self.rows[level], risen)
            self.rows[level] = []
            level += 1
            self.rows[level].append(risen)

    def _held_to(self, size: int) -> Iterator[Finding]:
        """Compare the tree of this size with what was signed of it."""
        if self.is_lost or self.is_rewritten:
            return
        for head in self.kept:
            if head.size == size and head.root != self.frontier.root():
                yield self._rewritten(head)
        checkpoint = self.begin if size == self.since else self.notes.get(size)
        if checkpoint is None:
            return
        what = f"checkpoint {size}"
        try:
            head = opened(checkpoint.note, self.verifiers)
        except BadNote as problem:
            yield Finding("forged", what, str(problem))
            return
        if head.size != size:
            yield Finding("forged", what, "its text states another size")
        if head.root == self.frontier.root():
            self.agreed = size
        else:
            between = f"leaves {self.agreed} to {size - 1}"
            yield Finding("rewritten", between, f"{what} has another root")
            self.is_rewritten = True

    def _rewritten(self, head: Head) -> Finding:
        said = f"the journal before record {head.size}"
        return Finding("rewritten", said, "checkpoint kept elsewhere")


def _tile(
    level: int, number: int, hashes: Sequence[bytes], root: bytes
) -> Iterable[Finding]:
    tile = Tile.objects.filter(level=level, number=number).first()
    what = f"tile {level}/{number}"
    if tile is None:
        yield Finding("missing", what, "its row is gone")
    elif bytes(tile.hashes) != b"".join(hashes):
        first = next(
            at
            for at, each in enumerate(hashes)
            if bytes(tile.hashes[at * 32 : at * 32 + 32]) != each
        )
        said = f"differs at {(number << tree.TILE_BITS) + first}"
        yield Finding("altered", what, said)
    elif bytes(tile.root) != root:
        yield Finding("altered", what, "its root")


def _parsed(entry: bytes) -> dict[str, object]:
    try:
        said = json.loads(entry)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _place(said: dict[str, object]) -> tuple[int, int, int]:
    epoch, xid, pk = (said.get(name) for name in ("epoch", "xid", "id"))
    if isinstance(epoch, int) and isinstance(xid, int) and isinstance(pk, int):
        return epoch, xid, pk
    return -1, 0, 0


def _differing(record: Record, entry: bytes) -> str:
    """The columns that are not as they were sealed."""
    said = _parsed(entry)
    names = [name for name, now in columns(record).items() if said.get(name) != now]
    return ", ".join(names) or "its bytes"
