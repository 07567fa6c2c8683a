"""The witness of c2sp.org/tlog-witness; tlog-scales judges what it signs."""

import base64
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from tlog_scales.signing import NoteSignature, Vkey
from tlog_scales.tlog import Checkpoint

from tests.witness.desk import NAME, ROOT, Log, Witness, a_witness

pytestmark = [pytest.mark.integration]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def witness(log: Log, tmp_path: Path) -> Iterator[Witness]:
    with a_witness(tmp_path / "witness", log.vkey) as running:
        yield running


def cosigned(witness: Witness, log: Log, size: int, line: str) -> None:
    """Raises what tlog-scales raises when this is no cosignature of that size."""
    checkpoint = Checkpoint.from_text(log.checkpoint(size) + line)
    checkpoint.verify(Vkey.from_string(witness.vkey))


def test_it_cosigns_what_grows(witness: Witness, log: Log) -> None:
    assert witness.last(log.signer.name).status_code == 404
    before = 0
    for size in (1, 2, 3, 8, 8, 255, 256, 257, 1000):
        answer = witness.add(log.request(before, size))
        assert (answer.status_code, answer.text.count("\n")) == (200, 1), answer.text
        cosigned(witness, log, size, answer.text)
        note = witness.last(log.signer.name).text
        assert note == log.checkpoint(size) + answer.text
        before = size
    seconds = int.from_bytes(NoteSignature.from_line(answer.text).payload[:8])
    assert abs(seconds - time.time()) < 60


def test_whoever_does_not_know_how_far_it_is_is_told(
    witness: Witness, log: Log
) -> None:
    witness.add(log.request(0, 100))
    for old in (0, 99, 101):
        answer = witness.add(log.request(old, 200))
        assert (answer.status_code, answer.text) == (409, "100\n")
        assert answer.headers["Content-Type"] == "text/x.tlog.size"
    assert witness.add(log.request(100, 200)).status_code == 200


def test_a_log_that_shrank_is_refused(witness: Witness, log: Log) -> None:
    witness.add(log.request(0, 100))
    answer = witness.add(log.request(0, 50))
    assert (answer.status_code, answer.text) == (409, "100\n")
    above = f"old 100\n\n{log.checkpoint(50)}"
    assert witness.add(above).status_code == 400
    assert witness.last(log.signer.name).text.split("\n")[1] == "100"


def test_a_fork_is_refused(witness: Witness, log: Log) -> None:
    """Signed by the right key, of the right size, and yet another journal."""
    witness.add(log.request(0, 100))
    other = Log()
    other.leaves[7] = bytes(32)
    assert witness.add(other.request(100, 100)).status_code == 409
    answer = witness.add(other.request(100, 200))
    assert answer.status_code == 422
    assert witness.last(log.signer.name).text.startswith(log.checkpoint(100))


def test_a_proof_that_does_not_fit_is_refused(witness: Witness, log: Log) -> None:
    witness.add(log.request(0, 100))
    right = log.request(100, 200)
    head, _, note = right.partition("\n\n")
    lines = head.split("\n")
    zero = base64.b64encode(bytes(32)).decode()
    wrong = [lines[:-1], [*lines, zero], [lines[0]], [*lines[:-1], zero]]
    for each in wrong:
        answer = witness.add("\n".join(each) + f"\n\n{note}")
        assert answer.status_code == 422, each
    assert witness.add(right).status_code == 200
    same = f"old 200\n{zero}\n\n{log.checkpoint(200)}"
    assert witness.add(same).status_code == 422


def test_a_log_it_does_not_know_is_refused(witness: Witness) -> None:
    stranger = Log("stranger.example/log")
    assert witness.add(stranger.request(0, 10)).status_code == 404


def test_a_key_that_is_not_the_logs_is_refused(witness: Witness, log: Log) -> None:
    forger = Log(seed=9)
    assert witness.add(forger.request(0, 10)).status_code == 403
    body = log.request(0, 10)
    false = body[:-20] + ("A" if body[-20] != "A" else "B") + body[-19:]
    assert witness.add(false).status_code == 403
    both = forger.request(0, 10) + log.checkpoint(10).partition("\n\n")[2]
    assert witness.add(both).status_code == 200


NONSENSE: list[Callable[[str], str | bytes]] = [
    lambda body: "",
    lambda body: body.replace("old 0", "old 00"),
    lambda body: body.replace("old 0", "old -1"),
    lambda body: body.replace("old 0", "new 0"),
    lambda body: body.replace("old 0", "old " + "9" * 30),
    lambda body: body.replace("\n10\n", "\n010\n"),
    lambda body: body.replace("\n10\n", f"\n{2**63}\n"),
    lambda body: body.replace("old 0\n", "old 0\nnot base64\n"),
    lambda body: body.replace("old 0\n", "old 0\nAAAA\n"),
    lambda body: body.replace("old 0\n", "old 0\n" + f"{'A' * 43}=\n" * 64),
    lambda body: body.replace("—", "-"),
    lambda body: body.rstrip("\n"),
    lambda body: body.encode() + b"\xff",
    lambda body: body + "x" * 70_000,
]


def test_nonsense_is_refused(witness: Witness, log: Log) -> None:
    for number, spoil in enumerate(NONSENSE):
        answer = witness.add(spoil(log.request(0, 10)))
        assert answer.status_code == 400, number


def test_other_addresses_hold_nothing(witness: Witness, log: Log) -> None:
    for path in ("/", "/checkpoint", "/checkpoint?origin=x"):
        assert requests.get(witness.url + path, timeout=5).status_code == 404
    answer = requests.post(f"{witness.url}/other", data=b"x", timeout=5)
    assert answer.status_code == 404


def test_what_it_saw_outlives_its_death(witness: Witness, log: Log) -> None:
    size = 0
    for more in (100, 101, 355):
        assert witness.add(log.request(size, more)).status_code == 200
        size = more
        witness.kill()
        witness.start()
        assert witness.add(log.request(0, 50)).text == f"{size}\n"


def test_of_two_at_once_neither_rolls_the_other_back(
    witness: Witness, log: Log
) -> None:
    """The race of the specification: a smaller size is never written after a larger."""
    witness.add(log.request(0, 10))
    bodies = [log.request(10, size) for size in range(11, 41)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(witness.add, bodies))
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 409}
    size = 11 + answers.index(winner)
    assert witness.last(log.signer.name).text.startswith(log.checkpoint(size))


def test_its_key_is_made_once_and_for_nobody_elses_eyes(witness: Witness) -> None:
    key = witness.folder / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_text()
    with pytest.raises(subprocess.CalledProcessError):
        Witness(witness.folder)
    assert key.read_text() == before
    assert witness._told("show") == witness.vkey
    assert witness.vkey.startswith(f"{NAME}+")


def test_what_is_no_key_of_a_log_is_not_trusted(witness: Witness) -> None:
    for vkey in (witness.vkey, "nonsense", "a+00000000+AQ=="):
        with pytest.raises(subprocess.CalledProcessError):
            witness.trust(vkey)


def test_it_needs_nothing_of_ours() -> None:
    """Python and `cryptography`: it runs on a machine that knows no Django."""
    look = (
        "import sys, witness.__main__;"
        "print([name for name in ('django', 'audit', 'areamedica', 'requests')"
        " if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, check=True
    )
    assert told.stdout == b"[]\n"
