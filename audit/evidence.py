"""A bundle of evidence: one subject's records, to be checked without us."""

import io
import json
import zipfile
from pathlib import Path
from uuid import UUID

from django.db.transaction import atomic

from audit import keys, publishing, tiles, tree
from audit.actions import Action
from audit.errors import NotSealed, Pruned, RecordNotFound
from audit.models import Leaf, Record
from audit.notes import proof_text
from audit.services import record

_VERIFIER = Path(__file__).with_name("bundle_verifier.py")
_README = """\
What the journal says about {subject}.

records/     each record, byte by byte as it was sealed
proofs/      that it is in the journal (c2sp.org/tlog-proof)
checkpoint   the signed head of the journal (c2sp.org/tlog-checkpoint)
key.txt      the public key (vkey); compare it with the one handed over on paper
story.json   the same records in one file, to read
verify.py    checks all of this with Python alone:  python3 -I verify.py

It shows that these records stood in the journal, unchanged, when the checkpoint was
signed. It does not show that there are no others about the same subject.
"""


@atomic
def export_evidence(*, subject_id: str, actor_id: UUID) -> bytes:
    """The zip of everything journaled about a subject; the export is journaled.

    :raises RecordNotFound: there is nothing. :raises NotSealed: a record is too young.
    :raises Pruned: the words of a record were not kept that long.
    """
    records = Record.objects.filter(subject_id=subject_id).order_by("pk")
    kinds = dict(records.values_list("pk", "subject_type"))
    if not subject_id or not kinds:
        raise RecordNotFound
    leaves = list(Leaf.objects.filter(record_id__in=kinds).order_by("record_id"))
    if len(leaves) < len(kinds):
        raise NotSealed
    if not all(leaf.entry for leaf in leaves):
        raise Pruned
    bundle = _zipped(subject_id, leaves)
    record(
        Action.SEALED_EVIDENCE_EXPORTED,
        actor_id=actor_id,
        subject=(kinds[leaves[0].record_id], subject_id),
        facts={"records": len(leaves)},
    )
    return bundle


def _zipped(subject_id: str, leaves: list[Leaf]) -> bytes:
    note = publishing.newest(covering=1 + max(leaf.number for leaf in leaves))
    read = tree.remembering(tiles.stored)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for leaf in leaves:
            entry = bytes(leaf.entry)
            proof = proof_text(
                entry=entry,
                index=leaf.number,
                hashes=tree.inclusion(read, leaf.number, note.size),
                note=note.note,
            )
            bundle.writestr(f"records/{leaf.record_id}.json", entry)
            bundle.writestr(f"proofs/{leaf.record_id}.tlog-proof", proof)
        told = [json.loads(bytes(leaf.entry)) for leaf in leaves]
        bundle.writestr("story.json", json.dumps(told, indent=2, ensure_ascii=False))
        bundle.writestr("checkpoint", note.note)
        bundle.writestr("key.txt", f"{keys.verifier_of(note.note)}\n")
        bundle.writestr("verify.py", _VERIFIER.read_bytes())
        bundle.writestr("README.txt", _README.format(subject=subject_id))
    return packed.getvalue()
