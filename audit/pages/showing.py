"""One record's proof, step by step, checked here so that anybody can follow it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from audit.models import Cosignature, Leaf, Record
from audit.seal import keys, tiles, tree
from audit.seal.entries import entry_of
from audit.seal.notes import BadNote, opened
from audit.seal.publishing import most_lasting


@dataclass(frozen=True)
class Step:
    """What was checked, whether it holds, and the numbers for an engineer."""

    says: str
    holds: bool
    shown: str


def steps_of(record: Record) -> list[Step]:
    """From the record to the signed head; empty while it is not sealed.

    :raises NotSealed: rows of the tree are gone.
    """
    leaf = Leaf.objects.filter(record_id=record.pk).first()
    if leaf is None:
        return []
    last = most_lasting(covering=leaf.number + 1)
    return [
        _bytes_step(record, leaf),
        *_tree_steps(leaf, last.size, last.note),
        *_witness_step(last.size),
        *_anchor_step(last.note),
    ]


def _bytes_step(record: Record, leaf: Leaf) -> Step:
    entry, stated = bytes(leaf.entry), bytes(leaf.hash)
    if not entry:
        says = _("Its words were pruned after their time; its fingerprint is kept.")
        return Step(says, holds=True, shown=stated.hex())
    holds = entry == entry_of(record) and tree.leaf_hash(entry) == stated
    says = _("The record reads today exactly as it was sealed.")
    return Step(says, holds=holds, shown=stated.hex())


def _witness_step(size: int) -> list[Step]:
    """Nothing is said of a head that no witness has seen yet: it takes a second."""
    seen = Cosignature.objects.by_witnesses().filter(size=size).order_by("witness")
    names = list(seen.values_list("witness", flat=True))
    if not names:
        return []
    says = _("Witnesses outside the clinic have seen this head, and remember it.")
    return [Step(says, holds=True, shown=", ".join(names))]


def _anchor_step(note: str) -> list[Step]:
    """The second signature; the first is the head's own step."""
    second = keys.second_below(note)
    if second is None:
        return []
    says = _(
        "That head carries a second signature of another kind (ML-DSA-44), for the "
        "years in which the first may no longer hold."
    )
    try:
        opened(note, [second])
    except BadNote as problem:
        return [Step(says, holds=False, shown=str(problem))]
    return [Step(says, holds=True, shown=f"ML-DSA-44, {second.row}")]


def _tree_steps(leaf: Leaf, size: int, note: str) -> list[Step]:
    path = tree.inclusion(tiles.grown_to(size), leaf.number, size)
    says = _("The journal's head of %(size)d records is signed by the clinic's key.")
    try:
        head = opened(note, keys.verifiers())
    except BadNote as problem:
        return [Step(says % {"size": size}, holds=False, shown=str(problem))]
    included = tree.is_included(
        leaf=bytes(leaf.hash),
        index=leaf.number,
        size=size,
        proof=path,
        root=head.root,
    )
    return [
        Step(
            _("With %(n)d fingerprints of its neighbours it leads to the head.")
            % {"n": len(path)},
            holds=included,
            shown=" ".join(each.hex()[:8] for each in path),
        ),
        Step(says % {"size": size}, holds=head.size == size, shown=head.root.hex()),
    ]
