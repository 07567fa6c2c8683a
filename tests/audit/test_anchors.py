"""The second signature, once a day: ML-DSA-44 below what is laid down."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from tlog_scales.signing import MLDSA44CosignatureSigner, Vkey, VkeySet
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from accounts.models import User
from audit.models import Cosignature, Leaf, Record
from audit.seal import keys, publishing
from audit.seal.lasting import LastingSigner, LastingVerifier
from audit.seal.notes import BadNote, opened
from audit.tasks import anchor
from tests.audit.test_evidence import (
    PAGE,
    SUBJECT,
    Files,
    check,
    files_of,
    journal,
    published,
    witness,
)

__all__ = ["witness"]

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

SEED = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()
NOW = datetime(2026, 11, 22, 23, 55, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where anchors go, and a key to sign them with."""
    settings.AUDIT_ANCHOR_FOLDER = str(tmp_path / "anchors")
    settings.AUDIT_ANCHOR_KEY = SEED
    return tmp_path / "anchors"


@pytest.fixture
def laid(witness: Any, folder: Path) -> Path:
    """An anchor of twenty records, and ten records after it."""
    journal(20)
    published()
    anchor()
    journal(10, subject="another")
    published()
    [path] = folder.iterdir()
    return path


def second() -> LastingVerifier:
    signer = keys.anchor_signer()
    assert signer is not None
    return signer.verifier


def test_others_verify_every_line_of_an_anchor(laid: Path, witness: Any) -> None:
    """By tlog-scales: our Ed25519, the witness's, and ML-DSA-44."""
    theirs = TheirCheckpoint.from_text(laid.read_text())
    vkeys = [str(keys.signer().verifier), witness.vkey, str(second())]
    valid = VkeySet(*map(Vkey.from_string, vkeys)).verify(theirs.signatures, theirs)
    assert sorted(vkey.sig_type for vkey, _ in valid) == [1, 4, 6]
    assert (theirs.size, len(theirs.signatures)) == (20, 3)


def test_we_read_what_others_sign(folder: Path) -> None:
    journal(3)
    published()
    ours = TheirCheckpoint.from_text(publishing.newest().note)
    signer = MLDSA44CosignatureSigner("another.example/mirror", bytes(32))
    note = f"{ours.serialize()}{signer.sign(ours).serialize()}\n"
    verifier = LastingVerifier.parse(signer.vkey.serialize())
    assert opened(note, [verifier]).size == 3


def test_the_line_is_what_the_specification_says(folder: Path) -> None:
    """Byte by byte: key id, length, the second in which it was signed."""
    journal(1)
    published()
    head = opened(publishing.newest().note, keys.verifiers())
    signer = LastingSigner.of_seed("clinic.example/anchor", SEED)
    dash, name, raw = signer.line(head, now=NOW).split(" ")
    signature = base64.b64decode(raw)
    public = signer.key.public_key().public_bytes_raw()
    said = b"clinic.example/anchor\n\x06" + public
    assert (dash, name, len(public)) == ("—", "clinic.example/anchor", 1312)
    assert signature[:4] == sha256(said).digest()[:4]
    assert int.from_bytes(signature[4:12]) == NOW.timestamp()
    assert len(signature) == 4 + 8 + 2420


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n20\n", "\n19\n"),
        lambda text: text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:],
        lambda text: text.replace("/anchor ", "/anchos "),
    ],
    ids=["another size", "another signature", "another name"],
)
def test_a_false_second_signature_is_found(
    laid: Path, change: Callable[[str], str]
) -> None:
    note = laid.read_text()
    assert opened(note, [second()]).size == 20
    with pytest.raises(BadNote):
        opened(change(note), [second()])


def verified(path: Path) -> str:
    out = StringIO()
    try:
        call_command("audit_verify", "--checkpoint", str(path), stdout=out)
    except SystemExit as told:
        return f"{told.code} {out.getvalue()}"
    return out.getvalue()


def test_verification_reads_both_signatures(laid: Path, settings: Any) -> None:
    told = verified(laid)
    assert f"Second key: {second().row}; signed 1 of 1 given." in told
    assert told.endswith("Everything agrees.\n")
    text = laid.read_text()
    laid.write_text(text[:-9] + ("A" if text[-9] != "A" else "B") + text[-8:])
    assert "forged" in verified(laid)
    laid.write_text("".join(text.splitlines(keepends=True)[:-1]))
    assert "signed 0 of 1 given." in verified(laid)
    settings.AUDIT_ANCHOR_KEY = ""
    assert "Second key" not in verified(laid)


def test_the_anchors_key_alone_opens_nothing(laid: Path) -> None:
    lines = laid.read_text().splitlines(keepends=True)
    laid.write_text("".join([*lines[:4], lines[-1]]))
    assert "not signed by a key we know" in verified(laid)


def test_a_head_is_signed_twice_once(laid: Path, folder: Path) -> None:
    anchor()
    anchor()
    kept = Cosignature.objects.filter(witness=second().row).order_by("size")
    assert list(kept.values_list("size", flat=True)) == [20, 30]
    assert len(list(folder.iterdir())) == 2


def bundle(back_office: Any, aldo: User, subject: str) -> Files:
    return files_of(back_office(aldo).post(PAGE, {"subject": subject}).content)


def test_evidence_stands_below_an_anchor_where_one_covers_it(
    laid: Path, back_office: Any, aldo: User, tmp_path: Path
) -> None:
    files = bundle(back_office, aldo, SUBJECT)
    assert files["checkpoint"] == laid.read_bytes()
    code, said = check(files, tmp_path)
    assert (code, said.split("\n")[0]) == (0, "Everything holds.")
    not_checked = "in ML-DSA-44, WHICH WAS NOT CHECKED HERE"
    assert f"Below a checkpoint, a line of {second().name} {not_checked}" in said
    assert b"ML-DSA-44" in files["README.txt"]
    theirs = TheirCheckpoint.from_text(files["checkpoint"].decode())
    vkeys = map(Vkey.from_string, files["keys.txt"].decode().splitlines())
    assert len(VkeySet(*vkeys).verify(theirs.signatures, theirs)) == 3


def test_younger_evidence_goes_without(
    laid: Path, back_office: Any, aldo: User, tmp_path: Path
) -> None:
    files = bundle(back_office, aldo, "another")
    assert b"\n30\n" in files["checkpoint"]
    assert b"/anchor" not in files["checkpoint"]
    assert files["earlier"] == laid.read_bytes()
    code, said = check(files, tmp_path)
    assert (code, said.count("NOT CHECKED")) == (0, 1)


def test_an_anchor_that_too_few_witnesses_saw_is_passed_over(
    laid: Path, back_office: Any, aldo: User, settings: Any
) -> None:
    settings.AUDIT_WITNESS_QUORUM = 2
    assert b"/anchor" not in bundle(back_office, aldo, SUBJECT)["checkpoint"]


def test_a_new_key_signs_anew(laid: Path, settings: Any) -> None:
    """Lines of the key before are not given out: nobody could check them."""
    settings.AUDIT_ANCHOR_KEY = OTHER
    assert publishing.most_lasting(covering=1).size == 30
    assert "signed 0 of 1 given." in verified(laid)
    anchor()
    assert publishing.most_lasting(covering=1).note.count("/anchor ") == 1


def test_the_page_of_a_record_says_so(laid: Path, back_office: Any, aldo: User) -> None:
    client = back_office(aldo)
    for subject, is_said in ((SUBJECT, True), ("another", False)):
        leaf = Leaf.objects.filter(
            record_id__in=Record.objects.filter(subject_id=subject).values("pk")
        ).first()
        assert leaf is not None
        url = f"/admin/audit/record/{leaf.record_id}/change/"
        page = client.get(url).content.decode()
        assert ("lleva una segunda firma de otra clase" in page) == is_said
        assert page.count("se cumple") == 4 + is_said
        assert "no se cumple" not in page


@pytest.mark.parametrize(
    ("key", "expected"),
    [("nonsense", "audit.E013"), ("AAAA", "audit.E013"), (None, "audit.E014")],
)
def test_a_key_that_is_none_or_another_stops_the_start(
    settings: Any, key: str | None, expected: str
) -> None:
    settings.AUDIT_ANCHOR_KEY = settings.AUDIT_SIGNING_KEY if key is None else key
    ids = {str(problem.id) for problem in run_checks()}
    assert {each for each in ids if each.startswith("audit.E01")} == {expected}
