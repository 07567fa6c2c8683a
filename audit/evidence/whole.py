"""The whole journal as a folder: for whoever may see all of it.

As C2SP's tlog-tiles lays a log out, so that others' tools read it as any other log; a
proof for each record would take twice the journal.
"""

from collections.abc import Iterator
from pathlib import Path

from django.db.transaction import atomic

from audit.actions import Action
from audit.errors import NotSealed, Pruned
from audit.evidence import bundle
from audit.seal import publishing, tiles, tree
from audit.seal.walk import binary_rows
from audit.services import record

_HERE = Path(__file__).parent
_README = """\
The whole journal, from its first record to the {size}th.

tile/         hashes and, in tile/entries, the records as sealed (c2sp.org/tlog-tiles)
checkpoint    the head of the journal, signed by it and its witnesses (tlog-checkpoint)
keys.txt      the public keys (vkeys); compare them with those handed over on paper
verify.py     checks all of this with Python alone:  python3 -I verify.py

Checkpoints of before, printed or kept by a witness, may be named behind the folder:
python3 -I verify.py . 2026-11-22-1234.checkpoint
"""
# Whole tiles: as many leaves as are read in one statement.
_AT_ONCE = 32 * tree.TILE
_LEAVES = """
SELECT entry, hash FROM audit_leaf
 WHERE number >= %s AND number < %s ORDER BY number
"""


def export_whole(folder: Path) -> int:
    """Write the whole published journal into a new folder; how many records it has.

    The checkpoint comes last: without it, what was interrupted is no bundle. Journaled.

    :raises NotSealed: there is nothing. :raises Pruned: the words of records were not
        kept that long. :raises OSError: the folder is there, or cannot be written.
    """
    head = publishing.newest()
    folder.mkdir(parents=True)
    for path, raw in _tiles(head.size):
        _write(folder / "tile" / path, raw)
    _write(folder / "README.txt", _README.format(size=head.size).encode())
    _write(folder / "keys.txt", bundle.keys_for(head).encode())
    _write(folder / "verify.py", (_HERE / "whole_verifier.py").read_bytes())
    signatures = "bundle_verifier.py"
    _write(folder / signatures, (_HERE / signatures).read_bytes())
    with atomic():
        record(
            Action.SEALED_EVIDENCE_EXPORTED,
            actor_id=None,
            facts={"records": head.size, "from": 0},
        )
    _write(folder / "checkpoint", head.note.encode())
    return head.size


def _tiles(size: int) -> Iterator[tuple[str, bytes]]:
    for start in range(0, size, _AT_ONCE):
        rows = binary_rows(_LEAVES, [start, min(start + _AT_ONCE, size)])
        if len(rows) < min(_AT_ONCE, size - start):
            raise NotSealed
        if not all(entry for entry, _ in rows):
            raise Pruned
        for at in range(0, len(rows), tree.TILE):
            part = rows[at : at + tree.TILE]
            path = _path(start + at, len(part))
            yield f"0/{path}", b"".join(each for _, each in part)
            yield f"entries/{path}", tiles.bundled(entry for entry, _ in part)
    level = 1
    while above := size >> level * tree.TILE_BITS:
        for start in range(0, above, tree.TILE):
            stop = min(start + tree.TILE, above)
            hashes = tiles.stored(level, start, stop)
            yield f"{level}/{_path(start, stop - start)}", b"".join(hashes)
        level += 1


def _path(start: int, width: int) -> str:
    whole = tiles.path_of(start >> tree.TILE_BITS)
    return whole if width == tree.TILE else f"{whole}.p/{width}"


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
