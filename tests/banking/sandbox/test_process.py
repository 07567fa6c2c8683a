"""Starting, stopping, restarting, and keeping a connection."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT, Bank, environment, stop, verdict, wait_until
from .test_questions import MOBILE
from .test_rows import PAYMENT

Start = Callable[..., Bank]


def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "banking.sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=10,
    )


@pytest.mark.parametrize(
    "extra",
    [
        {"ENVIRONMENT": "production"},
        {"DJANGO_SETTINGS_MODULE": "areamedica.settings.production"},
    ],
)
def test_it_never_starts_in_production(extra: dict[str, str]) -> None:
    ended = run(**extra)
    assert ended.returncode == 2
    assert "never in production" in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--flavour", "prod"),
        ("--account", "0134"),
        ("--port", "x"),
        ("--latency-ms", "1.5"),
    ],
)
def test_an_odd_option_stops_the_start(arguments: tuple[str, str]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert arguments[0] in ended.stderr


def test_a_taken_port_stops_the_start(sandbox: Bank) -> None:
    ended = run("--port", sandbox.url.rsplit(":")[-1])
    assert ended.returncode == 2
    assert "Cannot listen" in ended.stderr


def test_a_foreign_state_file_stops_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"movements": [{"id": 7}]}')
    ended = run("--state", str(state))
    assert (ended.returncode, "does not hold" in ended.stderr) == (2, True)
    assert state.read_text() == '{"movements": [{"id": 7}]}'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_even_in_the_middle_of_a_hang(
    start_bank: Start, number: signal.Signals
) -> None:
    bank = start_bank()
    bank.spoil("hang")
    host, port = bank.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"GET /simple/transactions/1 HTTP/1.1\r\n\r\n")
        wait_until(lambda: bank.control("GET", "/requests").json()["running"] == 1)
        os.kill(bank.process.pid, number)
        # A hang lasts a minute.
        assert bank.process.wait(timeout=20) == 0


def test_it_stops_while_its_door_is_shut(start_bank: Start) -> None:
    bank = start_bank()
    bank.spoil("refuse", seconds=60)
    # It is waited for a third of that.
    assert stop(bank) == 0


def test_movements_survive_a_restart_and_a_kill(
    start_bank: Start, tmp_path: Path
) -> None:
    state = tmp_path / "made" / "state.json"
    first = start_bank("--state", str(state))
    written = first.write(**PAYMENT, lone_object=True, transaction_id="T1")
    gone = first.write(**PAYMENT)
    first.control("DELETE", f"/movements/{gone['id']}")
    first.process.kill()
    first.process.wait()
    second = start_bank(SANDBOX_STATE=str(state))
    assert second.control("GET", "/movements").json() == [written]
    assert verdict(second.ask(**MOBILE)) == (200, "200")
    second.control("DELETE", "")
    assert json.loads(state.read_text()) == {"movements": []}


def test_the_environment_names_every_option(start_bank: Start) -> None:
    account = "01340000880000000099"
    bank = start_bank(
        SANDBOX_FLAVOUR="production",
        SANDBOX_CLIENT_ID="clinic",
        SANDBOX_CLIENT_SECRET="hush",
        SANDBOX_ACCOUNT=account,
        SANDBOX_RIF="J123456789",
        SANDBOX_TOKEN_SECONDS="120",
    )
    bank.flavour = "production"
    assert bank.log_in().status_code == 401
    named = {"client_id": "clinic", "username": "clinic"}
    answer = bank.log_in(**named, client_secret="hush", password="hush")
    assert answer.json()["expires_in"] == 120
    bank.write(**PAYMENT)
    row = bank.ask(**MOBILE).json()["dataResponse"]["transactionDetail"][0]
    assert row["customerIdBen"] == "J123456789     "
    assert bank.control("GET", "/settings").json()["account"] == account


def test_one_connection_serves_many_questions_quickly(sandbox: Bank) -> None:
    sandbox.write(**PAYMENT)
    sandbox.log_in()
    times = []
    for _ in range(50):
        began = time.monotonic()
        sandbox.ask(**MOBILE)
        times.append(time.monotonic() - began)
    # The quickest of the later ones: what a line does wrong slows every one of them
    # (the kernel spares a new line), a busy machine only some.
    assert min(times[25:]) < 0.02
    assert min(call["duration_ms"] for call in sandbox.requests()[-25:]) < 5


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"HELLO\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST /sandbox/movements HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST /x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5 + b"X: " + b"x" * 70000, b"431"),
    ],
)
def test_an_unreadable_request_is_answered_and_cut(
    sandbox: Bank, sent: bytes, status: bytes
) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(sent)
        assert line.recv(4096).split(b" ")[1] == status


def test_an_old_client_is_answered_and_let_go(sandbox: Bank) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(b"GET /sandbox/health HTTP/1.0\r\n\r\n")
        said = b"".join(iter(lambda: line.recv(4096), b""))
    assert b"Connection: close" in said
    assert said.endswith(b'"flavour": "qa"}')
