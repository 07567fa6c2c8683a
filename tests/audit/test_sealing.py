"""The seal: order, proofs, and everything a superuser may do to the tables."""

import base64
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from areamedica.database import is_alone
from audit.actions import Action
from audit.figures import behind, health
from audit.models import Checkpoint, Leaf, Record, Tile, Verification
from audit.seal import keys, proofs, sealing, tiles, tree
from audit.seal.notes import opened, unb64
from audit.seal.sealing import XidsWentBack, seal
from audit.seal.verification import verify, verify_and_keep
from audit.services import record
from audit.tasks import verify_all, verify_the_end
from tests.audit.conftest import write
from tests.test_watching import scrape

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
JOURNAL = "/api/v1/audit"


def found() -> list[str]:
    return [str(finding) for finding in verify().findings]


# --- Order and tree ------------------------------------------------------------------


def test_what_is_committed_is_sealed_once_and_agrees(sealed: list[int]) -> None:
    assert sealed == list(Record.objects.order_by("id").values_list("id", flat=True))
    assert seal() == 0
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [200, 400, 600]
    assert list(Tile.objects.values_list("level", "number")) == [(0, 0), (0, 1)]
    head = opened(Checkpoint.objects.last().note, keys.verifiers())
    hashes = [tree.leaf_hash(bytes(leaf.entry)) for leaf in Leaf.objects.order_by("pk")]
    assert head.root == tree.fold(hashes)
    assert found() == []
    said = json.loads(bytes(Leaf.objects.get(number=7).entry))
    assert (said["action"], said["facts"]) == ("transactions.exported", '{"n":7}')


def test_each_hash_is_kept_once_and_old_tiles_stay_as_good(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    """Tiles of level 0 repeated the hashes of their leaves before decision 15."""
    assert [bytes(tile.hashes) for tile in Tile.objects.all()] == [b"", b""]
    hashes = [tree.leaf_hash(bytes(leaf.entry)) for leaf in Leaf.objects.order_by("pk")]

    def told() -> tuple[object, ...]:
        return (
            *(
                tiles.read(path)
                for path in ("0/000", "0/001", "0/002.p/88", "1/000.p/2")
            ),
            *(proofs.of_record(str(sealed[at])) for at in (0, 255, 256, 511, 599)),
            proofs.of_consistency(old=300, new=600),
            found(),
        )

    before = told()
    assert before[:2] == (b"".join(hashes[:256]), b"".join(hashes[256:512]))
    assert before[-1] == []
    superuser(
        "UPDATE audit_tile tile SET hashes = (SELECT string_agg(hash, ''"
        " ORDER BY leaf.number) FROM audit_leaf leaf"
        " WHERE leaf.number / 256 = tile.number)"
    )
    assert told() == before
    write(200)
    seal()
    assert [len(tile.hashes) for tile in Tile.objects.order_by("pk")] == [8192, 8192, 0]
    assert found() == []


def test_a_record_waits_for_every_older_transaction() -> None:
    """Ids are drawn before commit; what is older and still open is not passed over."""
    is_written, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with atomic():
            write(1)
            is_written.set()
            may_end.wait(10)
        connection.close()

    other = threading.Thread(target=slow)
    other.start()
    is_written.wait(10)
    write(3)
    assert seal() == 0
    assert behind()[0] == 3
    may_end.set()
    other.join()
    assert seal() == 4
    ids = list(Leaf.objects.order_by("number").values_list("record_id", flat=True))
    assert ids == sorted(ids)
    assert (behind(), found()) == ((0, 0.0), [])


def test_two_never_seal_at_once() -> None:
    write(5)
    with atomic():
        assert is_alone(sealing._LOCK)
        other: list[int] = []

        def try_it() -> None:
            other.append(seal())
            connection.close()

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert (other, seal()) == ([0], 5)


def test_many_batches_make_one_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 100)
    with atomic():
        write(777)
    assert seal() == 777
    assert Checkpoint.objects.count() == 8
    assert found() == []


def test_facts_too_long_for_an_entry_are_there_by_their_digest() -> None:
    record(Action.EXPORTED, actor_id=None, facts={"ids": ["x" * 100] * 1000})
    assert seal() == 1
    entry = bytes(Leaf.objects.get().entry)
    assert json.loads(entry)["facts"].startswith("sha256:")
    assert found() == []


def test_xids_that_went_back_stop_the_sealing(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    """As after pg_dump and restore; a higher epoch is the way out."""
    superuser("UPDATE audit_checkpoint SET xid = '9000000000' WHERE size = 600")
    write(1)
    with pytest.raises(XidsWentBack):
        seal()
    superuser("ALTER TABLE audit_record ALTER COLUMN epoch SET DEFAULT 1")
    try:
        write(2)
        assert seal() == 2
        assert Checkpoint.objects.last().epoch == 1
    finally:
        superuser("ALTER TABLE audit_record ALTER COLUMN epoch SET DEFAULT 0")


WRITERS = 8


def scribble(number: int) -> None:
    """Forty transactions with random delays; every fifth is rolled back."""
    dice = random.Random(number)
    for _ in range(40):
        with suppress(ZeroDivisionError), atomic():
            write(dice.randint(1, 3))
            time.sleep(dice.random() / 100)
            if dice.random() < 0.2:
                raise ZeroDivisionError
            write(1)
    connection.close()


def keep_sealing(is_over: threading.Event) -> None:
    while not is_over.is_set():
        seal()
    connection.close()


def test_writers_and_sealers_side_by_side() -> None:
    """What was committed is sealed, nothing twice."""
    is_over = threading.Event()
    with ThreadPoolExecutor(WRITERS + 2) as pool:
        sealers = [pool.submit(keep_sealing, is_over) for _ in range(2)]
        writers = [pool.submit(scribble, number) for number in range(WRITERS)]
        for writer in writers:
            writer.result()
        is_over.set()
        for sealer in sealers:
            sealer.result()
    seal()
    assert Checkpoint.objects.count() > 3
    sealed = list(Leaf.objects.values_list("record_id", flat=True))
    committed = list(Record.objects.values_list("pk", flat=True))
    assert sorted(sealed) == sorted(committed)
    assert found() == []


def start_sealer(**more: str) -> subprocess.Popen[bytes]:
    given = connection.settings_dict
    port, host = given["PORT"], given["HOST"]
    address = f"{given['USER']}:{given['PASSWORD']}@{host}:{port}/{given['NAME']}"
    return subprocess.Popen(
        [sys.executable, "manage.py", "seal", "--forever", "--seconds", "0.001"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"postgres://{address}", **more},
    )


def test_the_sealer_goes_on_until_it_is_told_to_end() -> None:
    sealer = start_sealer()
    end = time.monotonic() + 120
    while Checkpoint.objects.count() < 3 and time.monotonic() < end:
        write(20)
    sealer.send_signal(signal.SIGTERM)
    assert sealer.wait(timeout=60) == 0
    assert Checkpoint.objects.count() >= 3
    seal()
    assert Leaf.objects.count() == Record.objects.count()
    assert found() == []


# --- Tampering -----------------------------------------------------------------------


def test_a_record_alone_is_named_when_it_alone_was_altered(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    superuser(f"UPDATE audit_record SET facts = '{{}}' WHERE id = {sealed[300]}")
    assert found() == [f"altered: record {sealed[300]} (facts)"]


@pytest.mark.parametrize("table", ["leaf", "tile", "checkpoint", "verification"])
def test_what_is_sealed_is_written_once(sealed: list[int], table: str) -> None:
    from django.db import IntegrityError

    verify_and_keep(only_the_end=False)
    for sql in ("DELETE FROM audit_{}", "TRUNCATE audit_{}"):
        with pytest.raises(IntegrityError, match="append-only"), atomic():
            connection.cursor().execute(sql.format(table))


def test_an_old_key_goes_on_to_count(sealed: list[int], settings: Any) -> None:
    settings.AUDIT_OLD_KEYS = [str(keys.signer().verifier)]
    settings.AUDIT_SIGNING_KEY = base64.b64encode(bytes(32)).decode()
    write(1)
    seal()
    assert found() == []


def told_by(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_a_checkpoint_kept_elsewhere_shows_a_journal_cut_short(
    sealed: list[int], superuser: Callable[[str], None], tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_text(Checkpoint.objects.last().note, encoding="utf-8")
    assert told_by("--checkpoint", str(kept))[0] == 0
    superuser(
        "DELETE FROM audit_checkpoint WHERE size > 400;"
        "DELETE FROM audit_leaf WHERE number >= 400;"
        "DELETE FROM audit_tile WHERE number >= 1;"
        f"DELETE FROM audit_record WHERE id > {sealed[399]}"
    )
    assert found() == []  # by itself it cannot know
    code, text = told_by("--checkpoint", str(kept))
    assert (code, "cut short: the journal, from 600 records to 400" in text) == (
        1,
        True,
    )


@pytest.mark.parametrize("since", [0, 400])
def test_a_checkpoint_kept_elsewhere_shows_a_journal_written_anew(
    sealed: list[int], superuser: Callable[[str], None], tmp_path: Path, since: int
) -> None:
    """By somebody who has the key; what came later hides nothing."""
    kept = tmp_path / "checkpoint"
    kept.write_text(Checkpoint.objects.first().note, encoding="utf-8")
    superuser(
        f"DELETE FROM audit_record WHERE id = {sealed[100]};"
        "TRUNCATE audit_leaf, audit_tile, audit_checkpoint"
    )
    seal()
    write(1)
    seal()
    assert found() == []
    code, text = told_by("--json", "--checkpoint", str(kept), "--since", str(since))
    [finding] = json.loads(text)["findings"]
    assert (code, finding["kind"]) == (1, "rewritten")


def test_the_rest_is_looked_at_from_a_checkpoint_on(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    assert verify(since=450).since == 400
    superuser(f"UPDATE audit_record SET facts = '{{}}' WHERE id = {sealed[300]}")
    assert verify(since=400).findings == []
    superuser(f"UPDATE audit_record SET facts = '{{}}' WHERE id = {sealed[500]}")
    [finding] = verify(since=400).findings
    assert finding.what == f"record {sealed[500]}"


def test_an_edge_that_is_gone_is_named(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    """A look at the end alone stands on what is stored before it."""
    superuser("DELETE FROM audit_leaf WHERE number = 599")
    [missing] = verify(since=600).findings
    assert str(missing) == "missing: the tree before leaf 600 (its rows are gone)"
    assert "missing: leaf 599 (its row is gone)" in found()


def test_looks_are_kept_and_told(
    sealed: list[int],
    superuser: Callable[[str], None],
    api: Any,
    back_office: Any,
    aldo: User,
) -> None:
    verify_all()
    seal()
    verify_the_end()
    full, end = Verification.objects.order_by("pk")
    assert (full.since, full.size, full.findings) == (0, 600, "[]")
    assert (end.since, end.findings) == (600, "[]")
    assert health() == "ok"
    superuser(f"UPDATE audit_record SET facts = '{{}}' WHERE id = {sealed[300]}")
    verify_all()
    assert health() == "verification failed"
    assert "journal_disagrees 1.0" in scrape()
    page = back_office(aldo).get("/admin/audit/record/").content.decode()
    assert f"altered: record {sealed[300]}" in page


# --- Proofs by the API ---------------------------------------------------------------


def test_whoever_has_a_proof_needs_to_trust_nobody(
    sealed: list[int], api: Any, aldo: User
) -> None:
    client = api(aldo)
    seal()
    text = client.get(f"{JOURNAL}/events/{sealed[300]}/proof").content.decode()
    head_of_proof, _, note = text.partition("\n\n")
    form, extra, index, *hashes = head_of_proof.split("\n")
    assert (form, index) == ("c2sp.org/tlog-proof@v1", "index 300")
    entry = unb64(extra.removeprefix("extra "))
    assert json.loads(entry)["id"] == sealed[300]
    head = opened(note, keys.verifiers())
    assert tree.is_included(
        leaf=tree.leaf_hash(entry),
        index=300,
        size=head.size,
        proof=[unb64(each) for each in hashes],
        root=head.root,
    )
    assert client.get(f"{JOURNAL}/checkpoint").content.decode() == note
    answer = client.get(f"{JOURNAL}/consistency?from=400").json()
    old = opened(Checkpoint.objects.get(size=400).note, keys.verifiers())
    assert tree.is_consistent(
        old=400,
        new=answer["size"],
        proof=[unb64(each) for each in answer["hashes"]],
        old_root=old.root,
        new_root=head.root,
    )
    assert unb64(answer["new_root"]) == head.root


def test_tiles_are_those_of_c2sp(sealed: list[int], api: Any, aldo: User) -> None:
    client = api(aldo)

    def tile(path: str) -> bytes:
        answer = client.get(f"{JOURNAL}/tile/{path}")
        assert answer["Content-Type"] == "application/octet-stream"
        return answer.content

    hashes = [bytes(leaf.hash) for leaf in Leaf.objects.order_by("pk")]
    assert tile("0/001") == b"".join(hashes[256:512])
    assert tile("0/002.p/88") == b"".join(hashes[512:600])
    assert tile("0/001.p/3") == b"".join(hashes[256:259])
    assert tile("1/000.p/2") == tree.fold(hashes[:256]) + tree.fold(hashes[256:512])
    bundle, entries = tile("entries/002.p/88"), []
    while bundle:
        length = int.from_bytes(bundle[:2])
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    assert [tree.leaf_hash(entry) for entry in entries] == hashes[512:600]


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",
        "tile/0/x000/001",
        "tile/0/1",
        "tile/0/001.p/0",
        "tile/0/001.p/257",
        "tile/1/000",
        "tile/64/000",
        "tile/x",
        "tile/entries/002.p/99",
        "consistency?from=1&to=999",
        "consistency?from=999",
    ],
)
def test_what_is_not_sealed_is_not_there(
    sealed: list[int], api: Any, aldo: User, path: str
) -> None:
    answer = api(aldo).get(f"{JOURNAL}/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_SEALED")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("checkpoint", "NOT_SEALED"),
        ("consistency?from=1", "NOT_SEALED"),
        ("events/999999/proof", "RECORD_NOT_FOUND"),
        ("events/nonsense/proof", "RECORD_NOT_FOUND"),
        ("consistency?from=0", "VALIDATION_ERROR"),
        ("consistency", "VALIDATION_ERROR"),
        ("consistency?from=2&to=x", "VALIDATION_ERROR"),
    ],
)
def test_refusals(api: Any, aldo: User, path: str, code: str) -> None:
    answer = api(aldo).get(f"{JOURNAL}/{path}")
    assert answer.json()["error"]["code"] == code


def test_the_older_size_is_not_the_larger(
    sealed: list[int], api: Any, aldo: User
) -> None:
    answer = api(aldo).get(f"{JOURNAL}/consistency?from=500&to=400")
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"


def test_a_record_too_young_for_a_proof(
    sealed: list[int], api: Any, aldo: User
) -> None:
    client = api(aldo)
    youngest = Record.objects.latest("pk").pk
    assert youngest > sealed[-1]
    answer = client.get(f"{JOURNAL}/events/{youngest}/proof")
    assert answer.json()["error"]["code"] == "NOT_SEALED"


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "consistency?from=1"])
def test_a_cashier_reads_no_journal(api: Any, ana: User, path: str) -> None:
    assert api(ana).get(f"{JOURNAL}/{path}").status_code == 403


def test_a_long_path_is_read_as_it_is_written() -> None:
    assert [tiles.path_of(n) for n in (5, 1067, 1_234_067)] == [
        "005",
        "x001/067",
        "x001/x234/067",
    ]
