"""A bundle of evidence: checked by a stranger's Python and others' libraries."""

import base64
import hashlib
import importlib.util
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from django.conf import settings as django_settings
from django.utils import timezone
from pypdf import PdfReader
from sigstore._internal.merkle import (
    _chain_border_right,
    _chain_inner,
    _decomp_inclusion_proof,
    _hash_leaf,
)
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import Checkpoint as TheirCheckpoint
from tlog_scales.tlog import ConsistencyProof, InclusionProof

from accounts.models import SYSTEM_ID, User
from areamedica.clock import caracas_day
from audit.actions import Action
from audit.evidence import exports as evidence
from audit.evidence.story import MOVES, story
from audit.models import Checkpoint, Leaf, Record
from audit.seal import keys
from audit.seal.notes import Signer
from audit.seal.publishing import publish_everywhere
from audit.seal.sealing import seal
from audit.seal.witnesses import named
from audit.services import record
from tests.journaled import staged
from tests.witness.desk import Witness, a_witness
from transactions.states import Reason

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

PAGE = "/admin/audit/record/evidence/"
DAYS = "/admin/audit/record/period/"
API = "/api/v1/audit/evidence"
SUBJECT = "01934f3e-1111-7000-8000-000000000001"
SCRIPT = (
    Path(__file__).resolve().parents[2] / "audit" / "evidence" / "bundle_verifier.py"
)
Files = dict[str, bytes]


def journal(number: int, subject: str = SUBJECT, actor: Any = None) -> None:
    for each in range(number):
        record(
            Action.TRANSACTION_MOVED,
            actor_id=actor,
            subject=("transaction", subject),
            facts={"became": f"ñ{each}", "reason": "APPROVED"},
        )


def published() -> None:
    seal()
    assert publish_everywhere(named(), now=timezone.now()) == []


@pytest.fixture
def witness(tmp_path: Path, settings: Any) -> Any:
    with a_witness(tmp_path / "witness", str(keys.signer().verifier)) as running:
        settings.AUDIT_WITNESSES = [f"{running.vkey} {running.url}"]
        yield running


def files_of(packed: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@pytest.fixture
def bundle(back_office: Any, aldo: User, witness: Witness) -> Files:
    """What an auditor took: three records among three hundred others."""
    journal(20, subject="before")
    published()
    journal(2)
    journal(290, subject="another")
    journal(1)
    journal(10, subject="another")
    published()
    answer = back_office(aldo).post(PAGE, {"subject": SUBJECT})
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].endswith(f'"sello-{SUBJECT}.zip"')
    return files_of(answer.content)


def check(files: Files, folder: Path, program: Path | None = None) -> tuple[int, str]:
    """By the bundle's own program or ours, in a process of its own."""
    for name, raw in files.items():
        path = folder / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    answer = subprocess.run(
        [
            sys.executable,
            "-I",
            str(program or folder / "bundle" / "verify.py"),
            str(folder / "bundle"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    return answer.returncode, answer.stdout


@pytest.fixture
def program() -> ModuleType:
    """The verifier as a module, its slow mathematics done by the fast library."""
    spec = importlib.util.spec_from_file_location("verify", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
            key.verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    module.its_own = module.is_signed  # type: ignore[attr-defined]
    module.is_signed = is_signed  # type: ignore[attr-defined]
    return module


# --- What holds ----------------------------------------------------------------------


def test_the_bundle_holds_and_its_export_is_journaled(
    bundle: Files, aldo: User, witness: Witness, tmp_path: Path
) -> None:
    code, said = check(bundle, tmp_path)
    lines = said.splitlines()
    assert (code, lines[:2]) == (0, ["Everything holds.", "3 records"])
    assert lines[2] == "Signed by area-medica/journal"
    assert lines[3].startswith("Signed by notaria.example/witness, who saw it 20")
    assert {str(keys.signer().verifier), witness.vkey} <= set(lines)
    told = json.loads(bundle["story.json"])
    facts = [json.loads(each["record"]["facts"])["became"] for each in told]
    assert facts == ["ñ0", "ñ1", "ñ0"]
    assert sum(name.startswith("records/") for name in bundle) == 3
    noted = Record.objects.get(action="audit.evidence_exported")
    assert (noted.actor_id, noted.subject_id) == (aldo.pk, SUBJECT)
    assert noted.facts == '{"records":3}'


def test_the_program_is_short_enough_to_be_read_and_needs_nothing() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 150
    imported = {
        line.split()[1] for line in lines if line.startswith(("import", "from"))
    }
    assert imported <= sys.stdlib_module_names


def test_its_mathematics_are_those_of_the_library(program: ModuleType) -> None:
    for number in range(8):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        public = key.public_key().public_bytes_raw()
        signature = key.sign(b"%d" % number)
        assert program.its_own(public, signature, b"%d" % number)
        assert not program.its_own(public, signature, b"other")
        for spoiled in (
            signature[:40] + bytes([signature[40] ^ 1]) + signature[41:],
            signature + b"\x00",
            signature[:32]
            + (int.from_bytes(signature[32:], "little") + program.ORDER).to_bytes(
                33, "little"
            )[:32],
        ):
            assert not program.its_own(public, spoiled, b"%d" % number)


def test_others_libraries_accept_it(bundle: Files, witness: Witness) -> None:
    """tlog-scales: signatures, inclusion, growth; sigstore: notes and inclusion."""
    note = bundle["checkpoint"].decode()
    theirs = TheirCheckpoint.from_text(note)
    vkeys = map(Vkey.from_string, bundle["keys.txt"].decode().splitlines())
    assert len(VkeySet(*vkeys).verify(theirs.signatures, theirs)) == 2
    seen = SignedCheckpoint.from_text(note)
    assert seen.checkpoint.log_size == theirs.size
    assert seen.checkpoint.log_hash == theirs.root_hash.hex()
    assert len(seen.signed_note.signatures) == 2
    for name in [name for name in bundle if name.startswith("proofs/")]:
        lines, _, under = bundle[name].decode().partition("\n\n")
        _, extra, index, *path = lines.split("\n")
        entry, at = base64.b64decode(extra[6:]), int(index[6:])
        hashes = [base64.b64decode(line) for line in path]
        assert (under, entry) == (note, bundle[f"records/{Path(name).stem}.json"])
        proof = InclusionProof(at, theirs.size, hashes)
        proof.check(leaf_hash(entry), theirs.root_hash)
        inner, border = _decomp_inclusion_proof(at, theirs.size)
        assert len(hashes) == inner + border
        risen = _chain_inner(_hash_leaf(entry), hashes[:inner], at)
        assert _chain_border_right(risen, hashes[inner:]) == theirs.root_hash
    older = TheirCheckpoint.from_text(bundle["earlier"].decode())
    assert older.size == 20
    grown = bundle["consistency"].decode().splitlines()
    hashes = [base64.b64decode(line) for line in grown]
    proof = ConsistencyProof(older.size, theirs.size, hashes)
    proof.check(older.root_hash, theirs.root_hash)


# --- What does not -------------------------------------------------------------------


def replace(name: str, was: str, becomes: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        among = (it for it in files if name in it)
        # By length first: the files of records are named by number.
        chosen = name if name in files else min(among, key=lambda it: (len(it), it))
        assert was.encode() in files[chosen]
        files[chosen] = files[chosen].replace(was.encode(), becomes.encode(), 1)

    return change


SPOILT: list[tuple[Callable[[Files], object], str]] = [
    (replace("records/", "ñ0", "ñ9"), "is not what was sealed"),
    (replace("story.json", "ñ1", "ñ9"), "story.json does not tell"),
    (replace("proofs/", "index 20", "index 21"), "is not what was sealed"),
    (lambda it: it.pop(min(n for n in it if "records/" in n)), "records/"),
    (lambda it: it.pop(min(n for n in it if "proofs/" in n)), "proofs/"),
    (replace("checkpoint", "\n323\n", "\n324\n"), "signature of area-medica/journal"),
    (replace("earlier", "\n20\n", "\n21\n"), "signature of area-medica/journal"),
    (replace("checkpoint", "— area", "- area"), "signature of area-medica/journal"),
    (replace("keys.txt", "notaria", "notario"), "the key of notario.example/witness"),
    (
        lambda it: it.update(consistency=it["consistency"][45:]),
        "a proof that is too short",
    ),
]


def forged(files: Files, signer: Signer) -> None:
    """Have somebody who holds this key write the manifest anew."""
    lines = [
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n"
        for name in sorted(files)
        if name != "manifest"
    ]
    said = f"{signer.name} evidence\n{''.join(lines)}"
    files["manifest"] = signer.sign(said).encode()


def test_a_changed_bundle_does_not_hold(
    bundle: Files, tmp_path: Path, program: ModuleType
) -> None:
    """Nor when whoever has the journal's key signs the digests anew."""
    for spoil, told in SPOILT:
        files = dict(bundle)
        spoil(files)
        code, said = check(files, tmp_path / str(len(list(tmp_path.iterdir()))))
        assert (code, said.startswith("Does not hold: ")) == (1, True)
        forged(files, keys.signer())
        with pytest.raises((ValueError, LookupError), match=told):
            program.check(files)


def flip(raw: bytearray, at: int, dice: random.Random) -> None:
    raw[at] ^= 1 << dice.randrange(8)


def cut(raw: bytearray, at: int, dice: random.Random) -> None:
    del raw[at : at + dice.randint(1, 40)]


def double(raw: bytearray, at: int, dice: random.Random) -> None:
    raw[at:at] = raw[at : at + dice.randint(1, 40)]


def insert(raw: bytearray, at: int, dice: random.Random) -> None:
    raw.insert(at, dice.randrange(256))


def mutated(files: Files, dice: random.Random) -> Files:
    """One random change of one file, or of the list of them."""
    changed, name = dict(files), dice.choice(sorted(files))
    match dice.randrange(8):
        case 0:
            del changed[name]
        case 1:
            changed[f"records/{dice.randrange(10**6)}.txt"] = files[name]
        case 2:
            changed[f"{name}x"] = changed.pop(name)
        case 3:
            other = dice.choice([it for it in sorted(files) if it != name])
            changed[name], changed[other] = files[other], files[name]
        case _:
            raw = bytearray(files[name])
            spoil = dice.choice((flip, cut, double, insert))
            spoil(raw, dice.randrange(len(raw)), dice)
            changed[name] = bytes(raw)
    return changed


def is_refused(program: ModuleType, files: Files) -> bool:
    try:
        program.check(files)
    except (ValueError, LookupError, TypeError):
        return True
    return False


def test_ten_thousand_random_changes_are_all_refused(
    bundle: Files, program: ModuleType, tmp_path: Path
) -> None:
    dice = random.Random(20261122)
    assert not is_refused(program, bundle)
    for number in range(10_000):
        files = mutated(bundle, dice)
        assert is_refused(program, files), number
        if number % 2_500 == 0:
            assert check(files, tmp_path / f"{number}", SCRIPT)[0] == 1


def test_so_are_those_that_whoever_has_our_key_signs_anew(
    bundle: Files, program: ModuleType
) -> None:
    """The tree and the witness hold what the manifest alone would not."""
    dice = random.Random(20261123)
    signer = keys.signer()
    tight = {
        name: raw
        for name, raw in bundle.items()
        if name.startswith(("records/", "proofs/", "checkpoint", "consist"))
    }
    for number in range(2_000):
        name = dice.choice(sorted(tight))
        raw = bytearray(tight[name])
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        files = {**bundle, name: bytes(raw)}
        forged(files, signer)
        assert is_refused(program, files), (number, name)


def test_a_bundle_signed_by_another_key_shows_the_other_key(
    bundle: Files, tmp_path: Path
) -> None:
    """The key in the bundle is the forger's; the one on paper is not."""
    seed = base64.b64encode(bytes(32)).decode()
    forger = Signer.of_seed(django_settings.AUDIT_ORIGIN, seed)
    text = bundle["checkpoint"].decode().partition("\n\n")[0] + "\n"
    note, mine = bundle["checkpoint"].decode(), forger.sign(text)
    files = {
        name: raw.replace(note.encode(), mine.encode())
        for name, raw in bundle.items()
        if name not in ("earlier", "consistency")
    }
    forged(files, forger)
    said = "Does not hold: the signature of area-medica/journal is false\n"
    assert check(files, tmp_path / "one") == (1, said)
    files["keys.txt"] = f"{forger.verifier}\n".encode()
    forged(files, forger)
    code, told = check(files, tmp_path / "two")
    assert (code, told.splitlines()[-1]) == (0, str(forger.verifier))


# --- The story -----------------------------------------------------------------------


def text_of(paper: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages]
    return " ".join(" ".join(pages).split())


def test_a_payment_is_told_in_plain_sentences(
    ana: User, ruben: User, api: Any, aldo: User
) -> None:
    about = ("transaction", SUBJECT)
    ana.full_name, ruben.full_name = "Carolina Caja Núñez", "Rubén <Pérez> {who}"
    with staged():
        ana.save()
        ruben.save()
    record(
        Action.TRANSACTION_RECORDED,
        actor_id=ana.pk,
        subject=about,
        facts={"type": "TRANSFER", "amount": "1234.50", "currency": "VES"},
    )
    facts = {"was": "IN_PROGRESS", "became": "TO_REVIEW"}
    record(
        Action.TRANSACTION_MOVED,
        actor_id=SYSTEM_ID,
        subject=about,
        facts={**facts, "reason": "AMOUNT_DIFFERS"},
    )
    record(
        Action.TRANSACTION_MOVED,
        actor_id=ruben.pk,
        subject=about,
        facts={"was": "TO_REVIEW", "became": "COMPLETED", "reason": "APPROVED"},
    )
    seal()
    answer = api(aldo).get(API, {"subject": SUBJECT})
    files = files_of(answer.content)
    spanish, english = text_of(files["story.es.pdf"]), text_of(files["story.en.pdf"])
    for sentence in (
        "Carolina Caja Núñez registró un pago de Bs. 1.234,50.",
        "El banco mostró otro monto; debe decidir una persona.",
        "Rubén <Pérez> {who} aprobó el pago: el dinero es nuestro.",
        "no es prueba por sí mismo",
        f"Lo que dice el diario de transaction {SUBJECT}",
    ):
        assert sentence in spanish, spanish
    for sentence in (
        "Carolina Caja Núñez recorded a payment of Bs. 1.234,50.",
        "The bank showed another amount; a person has to decide.",
        "Rubén <Pérez> {who} approved the payment: the money is ours.",
        "no evidence itself",
    ):
        assert sentence in english, english
    [first, *_] = json.loads(files["story.json"])
    day = timezone.now().astimezone(timezone.get_default_timezone())
    assert first["es"].startswith(f"El {day.day} de ")
    assert f" de {day.year} a las " in first["es"]


def test_every_reason_and_every_action_has_its_sentence(db: None) -> None:
    assert set(MOVES) == set(Reason)
    for action in Action:
        record(action, actor_id=None, facts={"reason": "MATCHED"})
    record(Action.EXPORTED, actor_id=None, facts={"ids": ["x" * 100] * 1000})
    seal()
    entries = [bytes(leaf.entry) for leaf in Leaf.objects.order_by("number")]
    for told in story(entries):
        for sentence in told.sentences.values():
            assert "{" not in sentence
            assert sentence.endswith("."), sentence


# --- Some days -----------------------------------------------------------------------


def test_some_days_are_taken_without_a_hole(
    api: Any, back_office: Any, aldo: User, tmp_path: Path
) -> None:
    journal(30)
    client = api(aldo)
    seal()
    today = caracas_day(timezone.now())
    answer = client.get(API, {"from": today, "to": today})
    assert answer["Content-Type"] == "application/zip"
    files = files_of(answer.content)
    assert check(files, tmp_path)[0] == 0
    places = sorted(
        int(raw.split(b"\n")[2].split()[1])
        for name, raw in files.items()
        if name.startswith("proofs/")
    )
    assert places == list(range(Leaf.objects.count()))
    noted = Record.objects.filter(action="audit.evidence_exported").latest("pk")
    assert json.loads(noted.facts) == {
        "from": today.isoformat(),
        "to": today.isoformat(),
        "records": len(places),
    }
    browser = back_office(aldo)
    answer = browser.post(DAYS, {"first": today, "last": today})
    assert answer["Content-Disposition"].endswith(f'"sello-{today}-{today}.zip"')
    assert files_of(answer.content).keys() >= files.keys() - {"earlier"}
    for first, last in (("nonsense", today), ("9999-12-31", "9999-12-31")):
        answer = browser.post(DAYS, {"first": first, "last": last}, follow=True)
        assert answer.status_code == 200
    assert "Hacen falta los dos días." in answer.content.decode()
    assert DAYS in answer.content.decode()


def test_days_that_cannot_be_taken(
    api: Any, aldo: User, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal(30)
    client = api(aldo)
    seal()
    today = caracas_day(timezone.now())
    before = today - timedelta(days=9)
    for query, code in (
        ({"from": today, "to": before}, "VALIDATION_ERROR"),
        ({"from": before, "to": before}, "RECORD_NOT_FOUND"),
        ({"from": today}, "VALIDATION_ERROR"),
        ({"from": today, "to": today, "subject": "x"}, "VALIDATION_ERROR"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "VALIDATION_ERROR"),
        ({"from": "9999-12-30", "to": "9999-12-31"}, "VALIDATION_ERROR"),
        ({}, "VALIDATION_ERROR"),
        ({"subject": "nobody"}, "RECORD_NOT_FOUND"),
    ):
        answer = client.get(API, query)
        assert answer.status_code >= 400, query
        assert answer.json()["error"]["code"] == code, query
    monkeypatch.setattr(evidence, "MOST_RECORDS", 20)
    answer = client.get(API, {"from": today, "to": today})
    assert answer.json()["error"]["code"] == "PERIOD_TOO_LONG"
    assert api(ana).get(API, {"subject": SUBJECT}).status_code == 403
    assert not Record.objects.filter(action="audit.evidence_exported").exists()


def test_what_is_not_sealed_yet_is_not_evidence(
    back_office: Any, aldo: User, bundle: Files
) -> None:
    journal(1)
    client = back_office(aldo)
    answer = client.post(PAGE, {"subject": SUBJECT}, follow=True)
    assert "El diario todavía no está sellado hasta ahí." in answer.content.decode()
    answer = client.post(PAGE, {"subject": "nobody"}, follow=True)
    assert "El diario no tiene ese registro." in answer.content.decode()
    assert Record.objects.filter(action="audit.evidence_exported").count() == 1


def test_the_journal_of_one_subject_offers_it(
    back_office: Any, aldo: User, bundle: Files
) -> None:
    client = back_office(aldo)
    assert PAGE not in client.get("/admin/audit/record/").content.decode()
    page = client.get(f"/admin/audit/record/?q={SUBJECT}").content.decode()
    assert PAGE in page
    assert f'value="{SUBJECT}"' in page


def test_without_witnesses_the_bundle_says_so(
    back_office: Any, aldo: User, tmp_path: Path
) -> None:
    journal(1)
    seal()
    files = files_of(back_office(aldo).post(PAGE, {"subject": SUBJECT}).content)
    code, said = check(files, tmp_path)
    assert (code, said.count("Signed by")) == (0, 1)
    assert Checkpoint.objects.get().note.encode() == files["checkpoint"]
    assert "earlier" not in files
