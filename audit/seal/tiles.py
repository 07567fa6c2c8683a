"""The sealed tree as it is stored, and as C2SP's tlog-tiles hands it out."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from django.db import connection

from audit.errors import NotSealed, Pruned
from audit.models import Checkpoint, Leaf, Tile
from audit.seal import tree

_HASH = 32
_PATH = re.compile(
    r"(?P<level>[0-9]|[1-5][0-9]|6[0-3]|entries)"
    r"/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


# In one piece: 256 rows cost more to receive than to read.
_OF_LEAVES = """
SELECT string_agg(hash, ''::bytea ORDER BY number)
  FROM audit_leaf WHERE number >= %s AND number < %s
"""


def stored(level: int, start: int, stop: int) -> Sequence[bytes]:
    """The hashes `start..stop` of a level, all of one tile (`tree.Read`).

    :raises NotSealed: the tree has not grown that far, or rows are missing.
    """
    found = _cut(_above(level, start, stop) if level else _of_leaves(start, stop))
    if len(found) != stop - start:
        raise NotSealed
    return found


def _of_leaves(start: int, stop: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(_OF_LEAVES, [start, stop])
        return bytes(cursor.fetchone()[0] or b"")


def _above(level: int, start: int, stop: int) -> bytes:
    """Out of the tile, or of the roots of those below while it is not complete."""
    tile = Tile.objects.filter(level=level, number=start >> tree.TILE_BITS).first()
    if tile is not None:
        at = start % tree.TILE * _HASH
        return bytes(tile.hashes)[at : at + (stop - start) * _HASH]
    below = Tile.objects.filter(level=level - 1, number__gte=start, number__lt=stop)
    return b"".join(map(bytes, below.order_by("number").values_list("root", flat=True)))


def grown_to(size: int) -> tree.Read:
    """Read the tree of `size` leaves with each of its tiles asked for once.

    Eight of the hashes in a proof come out of one tile.
    :raises NotSealed: as `stored`, when it reads.
    """

    @cache
    def tile(level: int, number: int) -> Sequence[bytes]:
        first = number << tree.TILE_BITS
        stop = min(first + tree.TILE, size >> (level * tree.TILE_BITS))
        return stored(level, first, stop)

    def read(level: int, start: int, stop: int) -> Sequence[bytes]:
        at = start % tree.TILE
        return tile(level, start >> tree.TILE_BITS)[at : at + stop - start]

    return read


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + _HASH] for at in range(0, len(hashes), _HASH)]


def sealed_size() -> int:
    """How many records the last checkpoint covers."""
    last = Checkpoint.objects.last()
    return last.size if last else 0


def read(path: str) -> bytes:
    """The tile at a path such as `0/x001/067`, `1/000.p/7` or `entries/000.p/7`.

    :raises NotSealed: no such path, or the tree has not grown that far.
    :raises Pruned: entries that were not kept that long.
    """
    form = _PATH.fullmatch(path)
    if form is None:
        raise NotSealed
    number = int(form["number"].replace("x", "").replace("/", ""))
    width = int(form["width"] or tree.TILE)
    level = 0 if form["level"] == "entries" else int(form["level"])
    start = number * tree.TILE
    is_there = start + width <= sealed_size() >> (level * tree.TILE_BITS)
    if form["number"] != path_of(number) or width > tree.TILE or not is_there:
        raise NotSealed
    if form["level"] == "entries":
        return _bundle(start, start + width)
    return b"".join(stored(level, start, start + width))


def path_of(number: int) -> str:
    """The last part of a tile's path: `x001/x234/067` for 1,234,067."""
    digits = f"{number % 1000:03}"
    while number := number // 1000:
        digits = f"x{number % 1000:03}/{digits}"
    return digits


def _bundle(start: int, stop: int) -> bytes:
    leaves = Leaf.objects.filter(number__gte=start, number__lt=stop).order_by("number")
    entries = [bytes(entry) for entry in leaves.values_list("entry", flat=True)]
    if not all(entries):
        raise Pruned
    return bundled(entries)


def bundled(entries: Iterable[bytes]) -> bytes:
    """Each entry behind its length in two bytes."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)
