"""The whole journal as a folder: checked by its own program and by others' tools."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tiles import leaf_hash

from audit.models import Checkpoint, Leaf, Record
from audit.seal import keys
from audit.seal.publishing import publish_everywhere
from audit.seal.witnesses import named
from tests.witness.desk import a_witness

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def whole(sealed: list[int], tmp_path: Path, settings: Any) -> Path:
    """All of 600 records that a witness saw."""
    with a_witness(tmp_path / "witness", str(keys.signer().verifier)) as witness:
        settings.AUDIT_WITNESSES = [f"{witness.vkey} {witness.url}"]
        assert publish_everywhere(named(), now=timezone.now()) == []
        call_command("audit_bundle", str(tmp_path / "whole"))
    return tmp_path / "whole"


def check(folder: Path, *kept: Path) -> tuple[int, list[str]]:
    program = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
    answer = subprocess.run(
        [*program, *map(str, kept)], capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    return answer.returncode, answer.stdout.splitlines()


def test_the_whole_journal_holds_and_its_export_is_journaled(whole: Path) -> None:
    code, said = check(whole)
    assert (code, said[:2]) == (0, ["Everything holds.", "600 records"])
    assert said[2] == "Signed by area-medica/journal"
    assert said[3].startswith("Signed by notaria.example/witness, who saw it 20")
    assert str(keys.signer().verifier) in said
    noted = Record.objects.get(action="audit.evidence_exported")
    assert noted.facts == '{"from":0,"records":600}'


def test_others_tools_read_it_as_a_log(whole: Path) -> None:
    reader = TilesReader(LocalBackend(whole))
    head = reader.get_checkpoint()
    vkeys = map(Vkey.from_string, (whole / "keys.txt").read_text().splitlines())
    assert len(VkeySet(*vkeys).verify(head.signatures, head)) == 2
    assert reader.calculate_root_hash() == head.root_hash
    entries = Leaf.objects.order_by("number").values_list("entry", flat=True)
    for index in (0, 255, 256, 511, 512, 599):
        entry = reader.get_entry(index)
        assert entry == bytes(entries[index])
        proof = reader.get_inclusion_proof(index, head.size)
        proof.check(leaf_hash(entry), head.root_hash)


def test_the_program_is_short_and_needs_nothing_but_what_is_beside_it() -> None:
    text = (ROOT / "audit" / "evidence" / "whole_verifier.py").read_text(
        encoding="utf-8"
    )
    lines = text.splitlines()
    assert len([line for line in lines if line.strip()]) < 150
    imported = {
        line.split()[1].partition(".")[0]
        for line in lines
        if line.startswith(("import", "from"))
    }
    assert imported <= sys.stdlib_module_names | {"bundle_verifier"}


def test_it_must_begin_with_what_was_kept_elsewhere(
    whole: Path, tmp_path: Path
) -> None:
    kept = []
    for each in Checkpoint.objects.all():
        kept.append(tmp_path / f"{each.size}.checkpoint")
        kept[-1].write_bytes(each.note.encode())
    code, said = check(whole, *kept)
    assert (code, [line for line in said if line.endswith(" records")]) == (
        0,
        ["600 records", "200 records", "400 records", "600 records"],
    )
    signer = keys.signer()
    for text, told in (
        (f"{signer.name}\n700\n{'A' * 43}=\n", "saw more: 700 records"),
        (f"{signer.name}\n300\n{'A' * 43}=\n", "is not what other.checkpoint saw"),
    ):
        other = tmp_path / "other.checkpoint"
        other.write_bytes(signer.sign(text).encode())
        code, said = check(whole, other)
        assert code == 1
        assert told in said[0]


def edit(raw: bytes) -> bytes:
    return raw.replace(b'\\"n\\":', b'\\"m\\":', 1)


def flip(raw: bytes) -> bytes:
    return raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]


def short(raw: bytes) -> bytes:
    return raw[:-1]


@pytest.mark.parametrize(
    ("path", "spoil", "told"),
    [
        ("tile/entries/001", edit, "record 256 is not what was sealed"),
        ("tile/entries/002.p/88", short, "the entries from 512 on are not 88"),
        ("tile/0/001", flip, "record 257 is not what was sealed"),
        ("tile/0/001", lambda raw: raw + b"x", "tile 0/1 has another length"),
        ("tile/1/000.p/2", flip, "tile 1/0 is false"),
        ("tile/0/000", None, "No such file"),
        ("checkpoint", flip, ""),
        ("keys.txt", flip, ""),
    ],
)
def test_a_change_is_named(
    whole: Path, path: str, spoil: Callable[[bytes], bytes] | None, told: str
) -> None:
    if spoil:
        (whole / path).write_bytes(spoil((whole / path).read_bytes()))
    else:
        (whole / path).unlink()
    code, said = check(whole)
    assert (code, said[0].startswith("Does not hold: ")) == (1, True)
    assert told in said[0]


def test_whoever_rewrites_entry_and_tiles_meets_the_root(whole: Path) -> None:
    """A record edited with the hash above it: then the tile of roots, then the head."""
    entries, hashes = whole / "tile/entries/002.p/88", whole / "tile/0/002.p/88"
    raw = entries.read_bytes()
    length = int.from_bytes(raw[:2])
    forged = edit(raw[2 : 2 + length])
    entries.write_bytes(raw[:2] + forged + raw[2 + length :])
    hashes.write_bytes(leaf_hash(forged) + hashes.read_bytes()[32:])
    assert check(whole)[1] == ["Does not hold: the journal is not what checkpoint saw"]


def test_what_cannot_be_written(
    sealed: list[int], tmp_path: Path, superuser: Callable[[str], None]
) -> None:
    with pytest.raises(CommandError, match="exists"):
        call_command("audit_bundle", str(tmp_path))
    superuser("UPDATE audit_leaf SET entry = '' WHERE number = 7")
    with pytest.raises(CommandError, match="only their proof is left|solo queda"):
        call_command("audit_bundle", str(tmp_path / "whole"))
    assert not (tmp_path / "whole" / "checkpoint").exists()
    assert not Record.objects.filter(action="audit.evidence_exported").exists()
