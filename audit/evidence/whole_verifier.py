"""Checks the whole journal: python3 -I verify.py [folder] [checkpoint ...].

Needs only Python 3.9; `bundle_verifier.py` beside it checks signatures. Every entry is
hashed, every tile (c2sp.org/tlog-tiles) compared with those hashes, and the root with
that in the checkpoint, whose signatures must be of keys in keys.txt: compare these with
those you were given on paper. Checkpoints kept elsewhere may be named: the journal must
begin with what they saw. Ends with 0 when everything holds, else with 1.
"""

import hashlib
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bundle_verifier import (  # type: ignore[import-not-found]  # noqa: E402
    demand,
    keys_of,
    opened,
    unb64,
)

TILE = 256
# With fewer tiles, starting another process takes longer than it saves.
WORTH_IT = 500


def fold(row: list[bytes]) -> bytes:
    """The root over neighbours (RFC 9162, 2.1.1)."""
    sha = hashlib.sha256
    while len(row) > 1:
        pairs = range(0, len(row) - 1, 2)
        risen = [sha(b"\1" + row[at] + row[at + 1]).digest() for at in pairs]
        row = risen + row[len(risen) * 2 :]
    return row[0]


def tile(folder: Path, level: str, number: int, width: int) -> bytes:
    rest, name = divmod(number, 1000)
    path = f"{name:03}" + (f".p/{width}" if width < TILE else "")
    while rest:
        rest, part = divmod(rest, 1000)
        path = f"x{part:03}/{path}"
    return (folder / "tile" / level / path).read_bytes()


def leaves(folder: Path, size: int, number: int) -> list[bytes]:
    """The hashes of the entries in one bundle, which its tile must repeat."""
    width = min(TILE, size - number * TILE)
    raw, at, found = tile(folder, "entries", number, width), 0, []
    while at < len(raw):
        start, at = at + 2, at + 2 + int.from_bytes(raw[at : at + 2], "big")
        found.append(hashlib.sha256(b"\0" + raw[start:at]).digest())
    fits = at == len(raw) and len(found) == width
    demand(fits, f"the entries from {number * TILE} on are not {width}")
    stated = tile(folder, "0", number, width)
    for place, each in enumerate(found):
        same = stated[place * 32 : place * 32 + 32] == each
        demand(same, f"record {number * TILE + place} is not what was sealed")
    demand(len(stated) == width * 32, f"tile 0/{number} has another length")
    return found


def levels(folder: Path, size: int) -> list[list[bytes]]:
    """Of each level the hashes of its complete subtrees, as the tiles must say."""
    numbers, read = range((size + TILE - 1) // TILE), partial(leaves, folder, size)
    if len(numbers) < WORTH_IT:
        runs = list(map(read, numbers))
    else:
        with ProcessPoolExecutor() as pool:
            runs = list(pool.map(read, numbers, chunksize=64))
    rows, level = [[each for run in runs for each in run]], 0
    while len(rows[level]) >= TILE:
        row = rows[level]
        ends = range(TILE, len(row) + 1, TILE)
        rows.append([fold(row[end - TILE : end]) for end in ends])
        level += 1
        for start in range(0, len(rows[level]), TILE):
            part = rows[level][start : start + TILE]
            stated = tile(folder, str(level), start // TILE, len(part))
            demand(b"".join(part) == stated, f"tile {level}/{start // TILE} is false")
    return rows


def root(rows: list[list[bytes]], size: int) -> bytes:
    """Of the first `size` leaves: on each level what no larger subtree holds."""
    carried: list[bytes] = []
    for level, row in enumerate(rows):
        count = size >> 8 * level
        edge = row[count & -TILE : count] + carried
        carried = [fold(edge)] if edge else []
    return carried[0]


def check(folder: Path, kept: list[Path]) -> list[str]:
    """What is shown. Raises ValueError, LookupError, OSError."""
    vkeys = (folder / "keys.txt").read_text()
    keys, rows, told = keys_of(vkeys), None, []
    for path in (folder / "checkpoint", *kept):
        text, who = opened(path.read_bytes().decode(), keys)
        _, stated, hashed = text.split("\n")[:3]
        size = int(stated)
        rows = levels(folder, size) if rows is None else rows
        demand(0 < size <= len(rows[0]), f"{path.name} saw more: {size} records")
        is_so = root(rows, size) == unb64(hashed)
        demand(is_so, f"the journal is not what {path.name} saw")
        told += [f"{size} records", *who]
    return ["Everything holds.", *told, vkeys]


def main(folder: Path, kept: list[Path]) -> int:
    try:
        said = check(folder, kept)
    except (ValueError, LookupError, OSError) as problem:
        said = [f"Does not hold: {problem}"]
    print("\n".join(said).rstrip())
    return 0 if said[0] == "Everything holds." else 1


if __name__ == "__main__":
    given = [Path(each) for each in sys.argv[1:]] or [Path(__file__).parent]
    sys.exit(main(given[0], given[1:]))
