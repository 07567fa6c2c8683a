"""One pass over a run of leaves: entries, records, order, MACs, tiles, checkpoints."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
import psycopg
from django.db import connection

from audit import writers
from audit.models import Checkpoint, Tile
from audit.seal import keys, tree
from audit.seal.entries import COLUMNS, Raw, bytes_of, columns
from audit.seal.notes import BadNote, Head, opened
from audit.seal.tiles import grown_to

# Whole tiles: as many leaves as are read in one statement.
_AT_ONCE = 32 * tree.TILE
_LEAVES = (
    "SELECT leaf.number, leaf.record_id, leaf.entry, leaf.hash FROM audit_leaf leaf"
)
_IN_ORDER = " WHERE leaf.number >= %s AND leaf.number < %s ORDER BY leaf.number"
_HASHES = _LEAVES + _IN_ORDER
_ALL = f"""
SELECT leaf.number, leaf.record_id, leaf.entry, leaf.hash, {COLUMNS}
  FROM audit_leaf leaf LEFT JOIN audit_record record ON record.id = leaf.record_id
{_IN_ORDER}
"""  # noqa: S608 (our names)
_BEFORE_ALL = (-1, 0, 0)
Place = tuple[int, int, int]


# Hears how many leaves were seen, and of how many.
Told = Callable[[int, int], object]


def tell_nobody(_seen: int, _size: int) -> None:
    """Nobody waits for this look."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree: what happened to what, and what shows it."""

    kind: str
    what: str
    shown_by: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} ({self.shown_by})"


@dataclass(frozen=True)
class Part:
    """The leaves `start..stop` as one process looks at them.

    `start` is 0, the size of a checkpoint or the edge of a tile. Without `records` only
    hashes and signatures are looked at. `signed_from` is the moment, as entries write
    it, from which every record has its writer's MAC. Leaves before `pruned_below` may
    have lost their words.
    """

    start: int
    stop: int
    records: bool
    kept: tuple[Head, ...]
    signed_from: str | None
    pruned_below: int


def binary_rows(sql: str, given: Sequence[object]) -> list[tuple[Any, ...]]:
    """The rows as PostgreSQL sends them in binary: bytes without a detour by text."""
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(sql, given, binary=True).fetchall()


class Walk:
    """One pass over a part. :raises NotSealed: the tree before it is not there."""

    def __init__(self, part: Part, told: Told = tell_nobody) -> None:
        self.part, self.told = part, told
        self.verifiers = keys.verifiers()
        self.writers = writers.keys()
        before = Checkpoint.objects.filter(size__lte=part.start).last()
        self.agreed = before.size if before else 0
        self.notes: dict[int, Checkpoint | None] = {self.agreed: before}
        self.place = _place_of(part.start - 1)
        read = grown_to(part.start)
        self.frontier = tree.Frontier(read, part.start)
        # A leaf that is gone ends the tree; a root that differs ends comparing roots,
        # for every later one differs for the same reason.
        self.is_lost = self.is_rewritten = False
        # Hashes of the tile that is being filled, level by level.
        self.rows = [
            list(read(level, at & -tree.TILE, at)) if at % tree.TILE else []
            for level in range(8)
            for at in [part.start >> (level * tree.TILE_BITS)]
        ]

    def findings(self) -> Iterator[Finding]:
        yield from self._held_to(self.part.start)
        for start in range(self.part.start & -_AT_ONCE, self.part.stop, _AT_ONCE):
            first = max(start, self.part.start)
            self.told(first, self.part.stop)
            yield from self._stretch(first, min(start + _AT_ONCE, self.part.stop))

    def _stretch(self, start: int, stop: int) -> Iterator[Finding]:
        sql = _ALL if self.part.records else _HASHES
        leaves = {leaf[0]: leaf for leaf in binary_rows(sql, [start, stop])}
        within = Checkpoint.objects.filter(size__gt=start, size__lte=stop)
        # None: only somebody else has kept a checkpoint of this size.
        self.notes = dict.fromkeys(head.size for head in self.part.kept)
        self.notes |= {each.size: each for each in within}
        for first in range(start & -tree.TILE, stop, tree.TILE):
            numbers = range(max(first, start), min(first + tree.TILE, stop))
            yield from self._run(numbers, leaves)

    def _run(
        self, numbers: range, leaves: dict[int, tuple[Any, ...]]
    ) -> Iterator[Finding]:
        """Look at the leaves of one tile, or at those of it that are in this part."""
        for number in numbers:
            leaf = leaves.get(number)
            if leaf is None:
                yield Finding("missing", f"leaf {number}", "its row is gone")
                self.is_lost = True
                continue
            yield from self._leaf(leaf)
        if self.is_lost:
            return
        yield from self._grow(numbers, [leaves[number][3] for number in numbers])

    def _leaf(self, leaf: tuple[Any, ...]) -> Iterator[Finding]:
        number, record_id, entry, kept = leaf[:4]
        if not entry and number < self.part.pruned_below:
            yield from self._pruned(leaf)
            return
        if sha256(b"\x00" + entry).digest() != kept:
            said = f"record {record_id}, its sealed bytes"
            yield Finding("altered", said, f"leaf {number}")
        if not self.part.records:
            return
        if leaf[4] is None:
            said = f"leaf {number} holds its bytes"
            yield Finding("deleted", f"record {record_id}", said)
            yield from self._in_order(number, record_id, _parsed(entry))
        else:
            yield from self._record(number, entry, Raw._make(leaf[4:]))

    def _pruned(self, leaf: tuple[Any, ...]) -> Iterator[Finding]:
        """Of a pruned record the row stays, without facts."""
        if not self.part.records:
            return
        what = f"record {leaf[1]}"
        if leaf[4] is None:
            yield Finding("deleted", what, "pruned, but its row was to stay")
        elif Raw._make(leaf[4:]).facts:
            yield Finding("altered", what, "facts, which were pruned")

    def _record(self, number: int, entry: bytes, row: Raw) -> Iterator[Finding]:
        said = columns(row)
        if bytes_of(said) == entry and row.place > self.place:
            self.place = row.place
            yield from self._writer(row, said)
        else:
            yield from self._differing(number, said, entry)

    def _differing(
        self, number: int, now: dict[str, object], entry: bytes
    ) -> Iterator[Finding]:
        """The columns that are not as they were sealed."""
        said = _parsed(entry)
        if bytes_of(now) != entry:
            every = now | said
            names = [name for name in every if said.get(name) != now.get(name)]
            yield Finding(
                "altered", f"record {now['id']}", ", ".join(names) or "its bytes"
            )
        yield from self._in_order(number, now["id"], said)

    def _in_order(
        self, number: int, record_id: object, said: dict[str, object]
    ) -> Iterator[Finding]:
        place = _place(said)
        if said.get("id") != record_id:
            yield Finding("altered", f"leaf {number}", "names another record")
        if place <= self.place:
            yield Finding("reordered", f"record {record_id}", "out of its place")
        self.place = place

    def _writer(self, row: Raw, said: dict[str, object]) -> Iterator[Finding]:
        """What was edited or put in before it was sealed, only its MAC shows."""
        if row.mac is not None:
            if not writers.is_written(said, row.mac, self.writers):
                yield Finding("forged", f"record {row.id}", "the writer's MAC")
        elif self.part.signed_from and row.at > self.part.signed_from:
            yield Finding("forged", f"record {row.id}", "no writer's MAC")

    def _grow(self, numbers: range, hashes: list[bytes]) -> Iterator[Finding]:
        """Add leaves; compare roots with checkpoints, full tiles with the stored."""
        row = self.rows[0]
        row += hashes
        if any(number + 1 in self.notes for number in numbers):
            for number, each in zip(numbers, hashes, strict=True):
                self.frontier.add(each)
                yield from self._held_to(number + 1)
        elif len(row) == len(hashes) == tree.TILE:
            self.frontier.add(tree.fold(row), height=tree.TILE_BITS)
        else:
            for each in hashes:
                self.frontier.add(each)
        level = 0
        while len(self.rows[level]) == tree.TILE:
            number = (self.frontier.size >> (level + 1) * tree.TILE_BITS) - 1
            risen = tree.fold(self.rows[level])
            yield from _tile(level, number, self.rows[level], risen)
            self.rows[level] = []
            level += 1
            self.rows[level].append(risen)

    def _held_to(self, size: int) -> Iterator[Finding]:
        """Compare the tree of this size with what was signed of it."""
        if size not in self.notes or self.is_rewritten:
            return
        root = self.frontier.root()
        for head in self.part.kept:
            if head.size == size and head.root != root:
                yield rewritten_before(head)
        checkpoint = self.notes[size]
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
        if head.root == root:
            self.agreed = size
        else:
            between = f"leaves {self.agreed} to {size - 1}"
            yield Finding("rewritten", between, f"{what} has another root")
            self.is_rewritten = True


def rewritten_before(head: Head) -> Finding:
    """What a checkpoint kept elsewhere says of a journal that is not as it was."""
    said = f"the journal before record {head.size}"
    return Finding("rewritten", said, "checkpoint kept elsewhere")


def _tile(
    level: int, number: int, hashes: Sequence[bytes], root: bytes
) -> Iterable[Finding]:
    tile = Tile.objects.filter(level=level, number=number).first()
    what = f"tile {level}/{number}"
    if tile is None:
        yield Finding("missing", what, "its row is gone")
    elif (level or tile.hashes) and bytes(tile.hashes) != b"".join(hashes):
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
        said = orjson.loads(entry)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _place(said: dict[str, object]) -> Place:
    epoch, xid, pk = (said.get(name) for name in ("epoch", "xid", "id"))
    if isinstance(epoch, int) and isinstance(xid, int) and isinstance(pk, int):
        return epoch, xid, pk
    return _BEFORE_ALL


def _place_of(number: int) -> Place:
    rows = binary_rows(_HASHES, [number, number + 1])
    return _place(_parsed(rows[0][2])) if rows else _BEFORE_ALL
