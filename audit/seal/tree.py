"""The Merkle tree of RFC 9162: roots, proofs and their verification. Pure functions.

Trees are read through `Read`: `read(level, start, stop)` gives the hashes of the
complete subtrees `start..stop` of 256**level leaves each, as the tiles of C2SP
tlog-tiles hold them. Whoever has the leaves in a list takes `over(leaves)`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from hashlib import sha256

Read = Callable[[int, int, int], Sequence[bytes]]

TILE_BITS = 8
TILE = 1 << TILE_BITS
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below `size`, which is 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of one or more neighbours."""
    row = list(hashes)
    while len(row) > 1:
        paired = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        # One without a neighbour waits: that is where RFC 9162 splits, too.
        row = paired + row[len(paired) * 2 :]
    return row[0]


def over(leaves: Sequence[bytes]) -> Read:
    """Read the tree over leaf hashes that are all in memory."""

    def read(level: int, start: int, stop: int) -> list[bytes]:
        width = 1 << (level * TILE_BITS)
        return [
            fold(leaves[at * width : (at + 1) * width]) for at in range(start, stop)
        ]

    return read


def _complete(read: Read, height: int, index: int) -> bytes:
    """The hash of the complete subtree number `index` of 2**height leaves."""
    level, bits = divmod(height, TILE_BITS)
    return fold(read(level, index << bits, (index + 1) << bits))


def subtree(read: Read, start: int, stop: int) -> bytes:
    """The root over the leaves `start..stop`, as RFC 9162 divides a tree."""
    size = stop - start
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return _complete(read, height, start >> height)
    middle = start + _split(size)
    return node_hash(subtree(read, start, middle), subtree(read, middle, stop))


def root(read: Read, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return subtree(read, 0, size) if size else EMPTY_ROOT


def inclusion(read: Read, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves (2.1.3.1)."""
    [proof] = inclusions(read, [index], size)
    return proof


def inclusions(read: Read, indexes: Iterable[int], size: int) -> Iterator[list[bytes]]:
    """The proofs of many leaves: what they share is computed once."""
    root_of = cache(partial(subtree, read))

    def path(index: int, start: int, stop: int) -> list[bytes]:
        if stop - start == 1:
            return []
        middle = start + _split(stop - start)
        if index < middle:
            return [*path(index, start, middle), root_of(middle, stop)]
        return [*path(index, middle, stop), root_of(start, middle)]

    for index in indexes:
        assert 0 <= index < size
        yield path(index, 0, size)


def consistency(read: Read, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` (2.1.4.1)."""
    assert 0 < old <= new

    def path(start: int, stop: int, *, is_known: bool) -> list[bytes]:
        if old == stop:
            return [] if is_known else [subtree(read, start, stop)]
        middle = start + _split(stop - start)
        if old <= middle:
            left = path(start, middle, is_known=is_known)
            return [*left, subtree(read, middle, stop)]
        right = path(middle, stop, is_known=False)
        return [*right, subtree(read, start, middle)]

    return path(0, new, is_known=True)


def _climb(
    at: int, last: int, proof: Sequence[bytes]
) -> list[tuple[bytes, bool]] | None:
    """Each sibling and whether it stands left; None: a proof of another length."""
    steps = []
    for sibling in proof:
        if last == 0:
            return None
        is_left = bool(at & 1) or at == last
        steps.append((sibling, is_left))
        while is_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return steps if last == 0 else None


def is_included(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether `proof` leads from the leaf's hash to the root (2.1.3.2)."""
    steps = _climb(index, size - 1, proof) if 0 <= index < size else None
    if steps is None:
        return False
    found = leaf
    for sibling, is_left in steps:
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    return found == root


def is_consistent(
    *, old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether `proof` shows that the newer tree begins with the older (2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path or not 0 < old < new:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    steps = _climb(at, last, path[1:])
    if steps is None:
        return False
    older = newer = path[0]
    for sibling, is_left in steps:
        older = node_hash(sibling, older) if is_left else older
        newer = node_hash(sibling, newer) if is_left else node_hash(newer, sibling)
    return older == old_root and newer == new_root


class Frontier:
    """Grows a tree leaf by leaf and keeps only the complete subtrees at its edge."""

    def __init__(self, read: Read, size: int) -> None:
        """Begin with the tree of `size` leaves that `read` knows."""
        self.size = size
        self._edge = [
            _complete(read, height, (size >> (height + 1)) << 1)
            for height in range(size.bit_length() - 1, -1, -1)
            if size >> height & 1
        ]

    def add(self, carried: bytes, *, height: int = 0) -> None:
        """Add a leaf, or a complete subtree of 2**height where one would begin."""
        size = self.size >> height
        while size & 1:
            carried = node_hash(self._edge.pop(), carried)
            size >>= 1
        self._edge.append(carried)
        self.size += 1 << height

    def root(self) -> bytes:
        if not self._edge:
            return EMPTY_ROOT
        *rest, found = self._edge
        for left in reversed(rest):
            found = node_hash(left, found)
        return found
