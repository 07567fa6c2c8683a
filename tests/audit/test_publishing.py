"""What witnesses do for us: cosign, remember, and show what was done to a journal."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.checks import run_checks
from django.core.management import call_command
from django.db.transaction import atomic
from django.utils import timezone
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from accounts.models import User
from areamedica.clock import caracas_day
from audit import figures
from audit.models import Checkpoint, Cosignature, Leaf, Record, Verification
from audit.seal import keys
from audit.seal.publishing import publish, publish_everywhere
from audit.seal.sealing import seal
from audit.seal.witnesses import named
from audit.tasks import anchor
from audit.tasks import publish as publish_task
from tests.audit.conftest import write
from tests.audit.test_sealing import JOURNAL, start_sealer
from tests.test_watching import scrape
from tests.together import together
from tests.witness.desk import Witness, a_witness
from witness.checkpoints import Cosigner

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def believe_in(settings: Any, *these: Witness, quorum: int = 1) -> None:
    settings.AUDIT_WITNESSES = [f"{each.vkey} {each.url}" for each in these]
    settings.AUDIT_WITNESS_QUORUM = quorum


@pytest.fixture
def witness(tmp_path: Path, settings: Any) -> Iterator[Witness]:
    """A process of somebody else's, in our settings."""
    ours = str(keys.signer().verifier)
    with a_witness(tmp_path / "witness", ours) as running:
        believe_in(settings, running)
        yield running


def grow(number: int) -> int:
    with atomic():
        write(number)
    seal()
    return Checkpoint.objects.latest("size").size


def cosigned() -> list[int]:
    now = timezone.now()
    assert publish_everywhere(named(), now=now) == []
    return list(Cosignature.objects.order_by("size").values_list("size", flat=True))


def test_each_newest_checkpoint_is_cosigned_and_given_out(
    witness: Witness, api: Any, aldo: User
) -> None:
    client = api(aldo)
    first = grow(300)
    assert client.get(f"{JOURNAL}/checkpoint").status_code == 404
    newest = client.get(f"{JOURNAL}/checkpoint?newest=true").content.decode()
    assert newest == Checkpoint.objects.get(size=first).note
    assert cosigned() == cosigned() == [first]
    second = grow(300)
    text = client.get(f"{JOURNAL}/checkpoint").content.decode()
    assert text.split("\n")[1] == str(first)
    assert cosigned() == [first, second]
    text = client.get(f"{JOURNAL}/checkpoint").content.decode()
    theirs = TheirCheckpoint.from_text(text)
    ours, his = keys.signer().verifier, witness.vkey
    known = VkeySet(Vkey.from_string(str(ours)), Vkey.from_string(his))
    assert len(known.verify(theirs.signatures, theirs)) == 2
    assert (theirs.size, text) == (second, witness.last(ours.name).text)


def test_a_proof_stands_below_a_checkpoint_that_covers_it(
    witness: Witness, api: Any, aldo: User
) -> None:
    """Cosigned if there is one, else the newest: better than none."""
    client = api(aldo)
    first = grow(20)
    cosigned()
    second = grow(20)
    for pk, size, lines in (
        (Record.objects.order_by("pk")[0].pk, first, 2),
        (Record.objects.order_by("pk")[first].pk, second, 1),
    ):
        text = client.get(f"{JOURNAL}/events/{pk}/proof").content.decode()
        note = text.partition("\n\n")[2]
        assert (note.split("\n")[1], note.count("—")) == (str(size), lines)


def test_a_witness_that_was_away_catches_up(witness: Witness) -> None:
    grow(10)
    cosigned()
    witness.stop()
    for _ in range(3):
        grow(300)
        [failed] = publish_everywhere(named(), now=timezone.now())
        assert failed.name == named()[0].name
    witness.start()
    assert cosigned() == [10, 910]


def test_a_witness_that_remembers_what_we_lost_tells_us(
    witness: Witness, superuser: Callable[[str], None]
) -> None:
    grow(10)
    cosigned()
    superuser("TRUNCATE audit_cosignature")
    assert cosigned() == [10]
    superuser("TRUNCATE audit_cosignature")
    grow(10)
    assert cosigned() == [20]


def test_a_quorum_is_of_one_checkpoint(
    witness: Witness, tmp_path: Path, settings: Any, api: Any, aldo: User
) -> None:
    client = api(aldo)
    ours = str(keys.signer().verifier)
    with a_witness(tmp_path / "other", ours, name="other.example/w") as other:
        believe_in(settings, witness, other, quorum=2)
        other.stop()
        size = grow(30)
        publish_everywhere(named(), now=timezone.now())
        assert client.get(f"{JOURNAL}/checkpoint").status_code == 404
        other.start()
        assert cosigned() == [size, size]
    text = client.get(f"{JOURNAL}/checkpoint").content.decode()
    assert (text.split("\n")[1], text.count("—")) == (str(size), 3)


def test_two_publishers_do_no_harm(witness: Witness) -> None:
    grow(10)
    [his] = named()
    now = timezone.now()
    assert together(*[lambda: publish(his, now=now)] * 4).count(True) >= 1
    assert Cosignature.objects.count() == 1


def test_the_lag_tells_how_long_nobody_cosigned(
    witness: Witness, superuser: Callable[[str], None]
) -> None:
    assert figures.alone() == 0
    grow(10)
    cosigned()
    assert (figures.alone(), figures.health()) == (0, "ok")
    witness.stop()
    grow(10)
    grow(10)
    superuser("UPDATE audit_checkpoint SET at = at - interval '16 minutes'")
    assert figures.health() == "not witnessed"
    assert figures.alone() > 900
    [line] = [
        line
        for line in scrape().splitlines()
        if line.startswith("journal_witness_lag_seconds")
    ]
    assert float(line.split()[1]) > 900
    witness.start()
    publish_task()
    assert (figures.alone(), figures.health()) == (0, "ok")


def test_without_witnesses_nobody_is_waited_for(settings: Any) -> None:
    grow(10)
    assert figures.alone() == 0


# --- What only he can show -----------------------------------------------------------

CUT = (
    "DELETE FROM audit_checkpoint WHERE size > 400;"
    "DELETE FROM audit_cosignature WHERE size > 400;"
    "DELETE FROM audit_leaf WHERE number >= 400;"
    "DELETE FROM audit_tile WHERE number >= 1;"
    "DELETE FROM audit_record WHERE id > {last}"
)


def findings() -> list[str]:
    looks = Verification.objects.exclude(findings="[]").order_by("pk")
    return [line for look in looks for line in json.loads(look.findings)]


def test_a_journal_that_was_cut_short_is_shown_by_itself(
    witness: Witness, sealed: list[int], superuser: Callable[[str], None]
) -> None:
    """At the next publication, once, and in every way we look."""
    cosigned()
    superuser(CUT.format(last=sealed[399]))
    for _ in range(3):
        publish_everywhere(named(), now=timezone.now())
    said = "cut short: the journal, from 600 records to 400"
    assert findings() == [f"{said} (checkpoint kept elsewhere)"]
    assert "journal_disagrees 1.0" in scrape()
    assert said in told("--witnesses")
    assert said not in told()


def test_a_journal_written_anew_with_the_key_is_shown_by_itself(
    witness: Witness, sealed: list[int], superuser: Callable[[str], None]
) -> None:
    cosigned()
    superuser(
        f"DELETE FROM audit_record WHERE id = {sealed[100]};"
        "TRUNCATE audit_leaf, audit_tile, audit_checkpoint, audit_cosignature"
    )
    grow(50)
    publish_everywhere(named(), now=timezone.now())
    [finding] = findings()
    assert finding.startswith("rewritten: the journal before record 600")
    assert finding[11:] in told("--witnesses")


def told(*arguments: str) -> str:
    out = StringIO()
    with suppress(SystemExit):
        call_command("audit_verify", *arguments, stdout=out)
    return out.getvalue()


# --- A witness that is not one -------------------------------------------------------


class Liar(BaseHTTPRequestHandler):
    """Answers what it was told to, to anybody."""

    posts: tuple[int, str]
    gets: tuple[int, str] = (404, "")

    def do_POST(self) -> None:
        self._answer(*self.posts)

    def do_GET(self) -> None:
        self._answer(*self.gets)

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def liar(settings: Any) -> Iterator[type[Liar]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    settings.AUDIT_WITNESSES = [f"{cosigner().vkey} {url}"]
    yield Liar
    server.shutdown()
    server.server_close()
    thread.join()


def cosigner(seed: int = 7) -> Cosigner:
    return Cosigner(
        "w.example", Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32))
    )


@pytest.mark.parametrize(
    "answer",
    [
        (200, ""),
        (200, "hello\n"),
        (200, "— w.example AAAA\n"),
        (200, "another key"),
        (200, "another text"),
        (200, "the future"),
        (200, "x" * 200_000),
        (301, ""),
        (409, "many"),
        (409, "9" * 40),
        (409, "0\n"),
        (409, "123456789\n"),
        (422, ""),
        (500, ""),
    ],
    ids=lambda answer: f"{answer[0]} {answer[1][:12]}",
)
def test_what_a_liar_says_is_neither_kept_nor_believed(
    liar: type[Liar], answer: tuple[int, str]
) -> None:
    """No cosignature, and no finding against the journal on his word alone."""
    grow(5)
    text = Checkpoint.objects.get().note.partition("\n\n")[0] + "\n"
    now = int(timezone.now().timestamp())
    made = {
        "another key": cosigner(8).cosign(text, now),
        "another text": cosigner().cosign(text.replace("5", "6"), now),
        "the future": cosigner().cosign(text, now + 3600),
    }
    liar.posts = (answer[0], made.get(answer[1], answer[1]))
    liar.gets = (200, "nonsense")
    assert len(publish_everywhere(named(), now=timezone.now())) == 1
    assert (Cosignature.objects.count(), Verification.objects.count()) == (0, 0)
    liar.posts = (200, cosigner().cosign(text, now))
    assert publish_everywhere(named(), now=timezone.now()) == []
    assert Cosignature.objects.count() == 1


def test_no_transaction_is_open_while_he_is_asked(liar: type[Liar]) -> None:
    grow(1)
    liar.posts = (500, "")
    with pytest.raises(RuntimeError, match="No transaction may be open"), atomic():
        publish(named()[0], now=timezone.now())


# --- The sealer, and paper -----------------------------------------------------------


def test_the_sealer_publishes_what_it_seals(witness: Witness, settings: Any) -> None:
    sealer = start_sealer(AUDIT_WITNESSES=settings.AUDIT_WITNESSES[0])
    try:
        write(20)
        end = time.monotonic() + 120
        while not Cosignature.objects.exists() and time.monotonic() < end:
            time.sleep(0.1)
    finally:
        sealer.send_signal(signal.SIGTERM)
        assert sealer.wait(timeout=60) == 0
    assert Cosignature.objects.get().size == Leaf.objects.count() == 20


def test_a_checkpoint_is_laid_down_every_day(
    witness: Witness, settings: Any, tmp_path: Path
) -> None:
    anchor()
    settings.AUDIT_ANCHOR_FOLDER = str(tmp_path / "anchors")
    size = grow(10)
    cosigned()
    anchor()
    out = StringIO()
    call_command("audit_anchor", stdout=out, stderr=StringIO())
    [path] = (tmp_path / "anchors").iterdir()
    assert path.name == f"{caracas_day(timezone.now())}-{size}.checkpoint"
    assert path.read_text() == out.getvalue()
    assert out.getvalue().count("—") == 2
    assert told("--checkpoint", str(path)).endswith("Everything agrees.\n")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"AUDIT_WITNESSES": ["nonsense http://x"]}, "audit.E010"),
        ({"AUDIT_WITNESSES": [f"{cosigner().vkey} ftp://x"]}, "audit.E010"),
        ({"AUDIT_WITNESSES": [cosigner().vkey]}, "audit.E010"),
        (
            {
                "AUDIT_WITNESSES": [f"{cosigner().vkey} http://x"],
                "AUDIT_WITNESS_QUORUM": 2,
            },
            "audit.E011",
        ),
    ],
)
def test_witnesses_that_cannot_be_asked_stop_the_start(
    settings: Any, changes: dict[str, object], expected: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert expected in {problem.id for problem in run_checks()}


def test_the_deploy_check_wants_a_witness(settings: Any) -> None:
    def told() -> set[str | None]:
        return {each.id for each in run_checks(include_deployment_checks=True)}

    assert "audit.W010" in told()
    settings.AUDIT_WITNESSES = [f"{cosigner().vkey} http://x"]
    assert "audit.W010" not in told()
