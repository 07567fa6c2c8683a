"""Proofs out of the stored tree, for whoever does not want to trust it."""

from dataclasses import dataclass

from areamedica.errors import InvalidInput
from audit.errors import NotSealed, RecordNotFound
from audit.models import Leaf, Record
from audit.seal import tiles, tree
from audit.seal.notes import proof_text
from audit.seal.publishing import newest

_LARGEST_ID = 2**63 - 1


def of_record(number: str) -> str:
    """The `tlog-proof@v1` of a record, under the newest checkpoint that covers it.

    :raises RecordNotFound: no such record. :raises NotSealed: it is too young.
    Of a pruned record `extra` is empty: whoever kept the words still proves them.
    """
    if not number.isascii() or not number.isdigit() or int(number) > _LARGEST_ID:
        raise RecordNotFound
    leaf = Leaf.objects.filter(record_id=int(number)).first()
    if leaf is None:
        is_there = Record.objects.filter(pk=int(number)).exists()
        raise NotSealed if is_there else RecordNotFound
    last = newest(covering=leaf.number + 1)
    read = tiles.grown_to(last.size)
    return proof_text(
        entry=bytes(leaf.entry),
        index=leaf.number,
        hashes=tree.inclusion(read, leaf.number, last.size),
        note=last.note,
    )


@dataclass(frozen=True)
class Consistent:
    """The two roots and the path between them."""

    size: int
    old_root: bytes
    new_root: bytes
    hashes: list[bytes]


def of_consistency(*, old: int, new: int | None) -> Consistent:
    """That the tree of `new` leaves, or the newest, begins with that of `old`.

    :raises NotSealed: not as many are sealed. :raises InvalidInput: old above new.
    """
    sealed = tiles.sealed_size()
    size = new or sealed
    if not max(old, size) <= sealed:
        raise NotSealed
    if old > size:
        raise InvalidInput(fields={"from": ["> to"]})
    read = tiles.grown_to(size)
    return Consistent(
        size=size,
        old_root=tree.root(read, old),
        new_root=tree.root(read, size),
        hashes=tree.consistency(read, old, size),
    )
