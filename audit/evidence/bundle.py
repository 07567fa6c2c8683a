"""The zip of a bundle: sealed bytes, proofs, keys, a story, and what checks them.

Independent tools read it too: the checkpoints are C2SP's, the proofs `tlog-proof@v1`.
"""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from audit.evidence.story import LANGUAGES, Told, as_pdf, story
from audit.models import Checkpoint, Cosignature, Leaf
from audit.seal import keys, publishing, tiles, tree
from audit.seal.lasting import LastingVerifier
from audit.seal.notes import Head, opened, proof_text
from audit.seal.publishing import Published
from audit.seal.witnesses import named

_VERIFIER = Path(__file__).with_name("bundle_verifier.py")
_README = """\
What the journal says about {subject}.

records/      each record, byte by byte as it was sealed
proofs/       that it is in the journal (c2sp.org/tlog-proof)
checkpoint    the head of the journal, signed by it and its witnesses (tlog-checkpoint)
earlier       the head before the first of these records, where there is one, and
consistency   that the journal grew from there without a change (RFC 9162, 2.1.4)
keys.txt      the public keys (vkeys); compare them with those handed over on paper
manifest      the digests of all these files, signed by the journal's key
verify.py     checks all of this with Python alone:  python3 -I verify.py
{lasting}
To read, and no evidence themselves: story.es.pdf, story.en.pdf, story.json.

It shows that these records stood in the journal, unchanged, when the witnesses saw the
checkpoint. {complete}
"""
_LASTING = """\

Below a checkpoint that was laid down for a day stands a second signature, ML-DSA-44
(c2sp.org/tlog-cosignature), for the years in which Ed25519 may fall. verify.py cannot
check that line and says so; tlog-scales and other programs for such logs do.
"""
_ONE = "It does not show that there are no others about the same subject."
_ALL = "Numbers in proofs/ without a hole show that nothing between them was left out."


@dataclass(frozen=True)
class Asked:
    """What a bundle is about: how it is called on paper, and whether without holes."""

    title: str
    is_whole: bool


def zipped(asked: Asked, leaves: Sequence[Leaf]) -> bytes:
    """The bundle of some leaves. :raises NotSealed: the tree's rows are gone."""
    files = _files(asked, leaves)
    files["manifest"] = _manifest(files)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, raw in files.items():
            bundle.writestr(name, raw)
    return packed.getvalue()


def _files(asked: Asked, leaves: Sequence[Leaf]) -> dict[str, bytes]:
    last = max(leaf.number for leaf in leaves)
    head = publishing.most_lasting(covering=last + 1)
    earlier = _earlier(min(leaf.number for leaf in leaves))
    told = story(bytes(leaf.entry) for leaf in leaves)
    complete = _ALL if asked.is_whole else _ONE
    return {
        "README.txt": _README.format(
            subject=asked.title,
            complete=complete,
            lasting=_LASTING if _seconds(head, earlier) else "",
        ).encode(),
        **_proved(leaves, head),
        "checkpoint": head.note.encode(),
        **(_grown(earlier, head) if earlier else {}),
        "keys.txt": keys_for(head, earlier).encode(),
        **_papers(asked, told, head),
        "verify.py": _VERIFIER.read_bytes(),
    }


def _proved(leaves: Sequence[Leaf], head: Published) -> dict[str, bytes]:
    numbers = [leaf.number for leaf in leaves]
    paths = tree.inclusions(tiles.grown_to(head.size), numbers, head.size)
    files = {}
    for leaf, path in zip(leaves, paths, strict=True):
        entry = bytes(leaf.entry)
        proof = proof_text(entry=entry, index=leaf.number, hashes=path, note=head.note)
        files[f"records/{leaf.record_id}.json"] = entry
        files[f"proofs/{leaf.record_id}.tlog-proof"] = proof.encode()
    return files


def _earlier(first: int) -> Published | None:
    """The newest checkpoint before the first leaf, a cosigned one if any is."""
    cosigned = Cosignature.objects.filter(size__lte=first).order_by("-size").first()
    size = cosigned.size if cosigned else first
    found = Checkpoint.objects.filter(size__lte=size).last()
    return publishing.published(found) if found else None


def _grown(earlier: Published, head: Published) -> dict[str, bytes]:
    read = tiles.grown_to(head.size)
    path = tree.consistency(read, earlier.size, head.size)
    lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in path)
    return {"earlier": earlier.note.encode(), "consistency": lines.encode()}


def keys_for(*notes: Published | None) -> str:
    """The keys of all who signed here, the journal's first."""
    ours = [str(keys.verifier_of(note.note)) for note in notes if note]
    witnesses = [str(each.key) for each in named()]
    all_of_them = dict.fromkeys(
        [
            *ours,
            str(keys.signer().verifier),
            *witnesses,
            *map(str, _seconds(*notes)),
        ]
    )
    return "".join(f"{vkey}\n" for vkey in all_of_them)


def _seconds(*notes: Published | None) -> list[LastingVerifier]:
    """The anchor's key, for each of the checkpoints that it signed."""
    found = [keys.second_below(note.note) for note in notes if note]
    return [each for each in found if each]


def _papers(asked: Asked, told: Sequence[Told], head: Published) -> dict[str, bytes]:
    written = [each.as_json() for each in told]
    files = {"story.json": json.dumps(written, indent=1, ensure_ascii=False).encode()}
    for language in LANGUAGES:
        with translation.override(language):
            files[f"story.{language}.pdf"] = as_pdf(
                title=_("What the journal says of %(subject)s")
                % {"subject": asked.title},
                sentences=[each.sentences[language] for each in told],
                rests_on=_rests_on(head),
            )
    return files


def _rests_on(published: Published) -> list[str]:
    head: Head = opened(published.note, keys.verifiers())
    ours = published.note.count(f"\n— {settings.AUDIT_ORIGIN}")
    witnesses = published.note.count("\n— ") - ours
    return [
        _("The journal had %(size)d records; its digest then: %(root)s")
        % {"size": head.size, "root": base64.b64encode(head.root).decode()},
        _("Witnesses who signed that: %(number)d") % {"number": witnesses},
    ]


def _manifest(files: dict[str, bytes]) -> bytes:
    signer = keys.signer()
    lines = [
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)
    ]
    # Its first line is not the origin alone: it can never be taken for a checkpoint.
    return signer.sign(f"{signer.name} evidence\n{''.join(lines)}").encode()
