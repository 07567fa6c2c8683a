"""A bundle of evidence is checked by Python alone, and shows what was changed in it."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from audit.actions import Action
from audit.models import Record
from audit.sealing import seal
from audit.services import record

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/audit/record/evidence/"
SUBJECT = "01934f3e-1111-7000-8000-000000000001"


def journal(number: int, subject: str = SUBJECT) -> None:
    for each in range(number):
        record(
            Action.TRANSACTION_MOVED,
            actor_id=None,
            subject=("transaction", subject),
            facts={"became": f"ñ{each}"},
        )


@pytest.fixture
def unpacked(back_office: Any, aldo: User, tmp_path: Path) -> Path:
    """What an auditor took: three records among three hundred others."""
    journal(2)
    journal(290, subject="another")
    journal(1)
    journal(10, subject="another")
    seal()
    answer = back_office(aldo).post(PAGE, {"subject": SUBJECT})
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].endswith(f'"sello-{SUBJECT}.zip"')
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
    return tmp_path


def check(folder: Path) -> tuple[int, str]:
    answer = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    return answer.returncode, answer.stdout


def test_the_bundle_holds_and_its_export_is_journaled(
    unpacked: Path, aldo: User
) -> None:
    code, said = check(unpacked)
    assert (code, said.splitlines()[0]) == (0, "Everything holds.")
    assert (unpacked / "key.txt").read_text() in said
    story = json.loads((unpacked / "story.json").read_text())
    assert [json.loads(each["facts"])["became"] for each in story] == ["ñ0", "ñ1", "ñ0"]
    assert len(list((unpacked / "records").iterdir())) == 3
    noted = Record.objects.get(action="audit.evidence_exported")
    assert (noted.actor_id, noted.subject_id) == (aldo.pk, SUBJECT)
    assert noted.facts == '{"records":3}'


def one_of(folder: Path, room: str) -> Path:
    return min((folder / room).iterdir(), key=lambda path: int(path.stem))


def replace(was: str, becomes: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert was in text
        path.write_text(text.replace(was, becomes, 1), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda it: replace("ñ0", "ñ9")(one_of(it, "records")),
            "its bytes and its proof differ",
        ),
        (lambda it: replace("ñ0", "ñ9")(it / "story.json"), "story.json does not tell"),
        (
            lambda it: replace("index 0", "index 1")(one_of(it, "proofs")),
            "its bytes are not what was sealed",
        ),
        (lambda it: one_of(it, "records").unlink(), "No such file"),
        (lambda it: one_of(it, "proofs").unlink(), "No such file"),
        (
            lambda it: replace("\n303\n", "\n304\n")(it / "checkpoint"),
            "the checkpoint is not signed by the key",
        ),
        (
            lambda it: (it / "key.txt").write_text(
                "area-medica/journal+25ab34d1+AaRBZk0dDJJ4MBc4zTl/"
                "sHrLrTL8RHgJ5nfT0gVf1qgk"
            ),
            "key.txt and the checkpoint do not fit",
        ),
    ],
)
def test_a_changed_bundle_does_not_hold(
    unpacked: Path, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(unpacked)
    code, said = check(unpacked)
    assert (code, told in said) == (1, True), said


def test_a_bundle_signed_by_another_key_shows_the_other_key(
    unpacked: Path, settings: Any
) -> None:
    """The key in the bundle is the forger's; the one on paper is not."""
    import base64

    from audit import keys
    from audit.notes import Signer, opened

    note = (unpacked / "checkpoint").read_text()
    forger = Signer.of_seed(settings.AUDIT_ORIGIN, base64.b64encode(bytes(32)).decode())
    text = opened(note, keys.verifiers()).text
    forged = forger.sign(text)
    for path in [unpacked / "checkpoint", *(unpacked / "proofs").iterdir()]:
        replace(note, forged)(path)
    assert check(unpacked) == (1, "the checkpoint is not signed by the key\n")
    (unpacked / "key.txt").write_text(f"{forger.verifier}\n")
    assert check(unpacked) == (0, f"Everything holds.\nThe key: {forger.verifier}\n")


def test_what_is_not_sealed_yet_is_not_evidence(
    back_office: Any, aldo: User, unpacked: Path
) -> None:
    journal(1)
    client = back_office(aldo)
    answer = client.post(PAGE, {"subject": SUBJECT}, follow=True)
    assert "El diario todavía no está sellado hasta ahí." in answer.content.decode()
    answer = client.post(PAGE, {"subject": "nobody"}, follow=True)
    assert "El diario no tiene ese registro." in answer.content.decode()
    assert Record.objects.filter(action="audit.evidence_exported").count() == 1


def test_the_journal_of_one_subject_offers_it(
    back_office: Any, aldo: User, unpacked: Path
) -> None:
    client = back_office(aldo)
    assert PAGE not in client.get("/admin/audit/record/").content.decode()
    page = client.get(f"/admin/audit/record/?q={SUBJECT}").content.decode()
    assert PAGE in page
    assert f'value="{SUBJECT}"' in page
