import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest
import requests

from banking.sandbox import server
from banking.sandbox.book import Book
from banking.sandbox.doors import Doors
from banking.sandbox.options import read_options
from banking.sandbox.sandbox import Sandbox
from banking.sandbox.server import open_bank

from .conftest import Bank, envelope, rows, verdict, wait_until
from .test_questions import MISSED_QA, MOBILE
from .test_rows import PAYMENT, TRANSFER


@pytest.mark.parametrize(
    ("mode", "status", "kind", "start"),
    [
        ("down", 503, "text/plain", b"Service Unavailable"),
        ("html", 200, "text/html", b"<!doctype html>"),
        ("garbage", 200, "application/json", b"\x00\xff"),
    ],
)
def test_an_answer_that_is_not_the_banks(
    sandbox: Bank, mode: str, status: int, kind: str, start: bytes
) -> None:
    sandbox.log_in()
    sandbox.spoil(mode, calls=1)
    answer = sandbox.ask(**MOBILE)
    assert (answer.status_code, answer.content.startswith(start)) == (status, True)
    assert answer.headers["Content-Type"].startswith(kind)
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("maintenance", (503, "VRN04")),
        ("rate_limited", (429, "VRN05")),
        ("dependency", (424, "VRN06")),
    ],
)
def test_an_unavailable_code_rides_on_its_status(
    sandbox: Bank, mode: str, expected: tuple[int, str]
) -> None:
    sandbox.log_in()
    sandbox.spoil(mode, calls=1)
    answer = sandbox.ask(**MOBILE)
    assert verdict(answer) == expected
    assert ("Retry-After" in answer.headers) == (mode == "rate_limited")
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


def test_a_reset_cuts_the_line(sandbox: Bank) -> None:
    sandbox.log_in()
    sandbox.spoil("reset", calls=1, path="query")
    with pytest.raises(requests.ConnectionError, match="reset"):
        sandbox.ask(**MOBILE)
    assert sandbox.requests()[-1]["status"] is None
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


def test_slow_is_late_but_right(sandbox: Bank) -> None:
    sandbox.write(**PAYMENT)
    sandbox.log_in()
    sandbox.spoil("slow", calls=1, delay_seconds=3.2)
    began = time.monotonic()
    assert verdict(sandbox.ask(**MOBILE)) == (200, "200")
    assert time.monotonic() - began >= 3.2, "later than by default"


def test_slow_takes_three_seconds_by_default(sandbox: Bank) -> None:
    assert sandbox.spoil("slow")["delay_seconds"] == 3


def test_a_hang_outlasts_the_client(sandbox: Bank) -> None:
    sandbox.log_in()
    sandbox.spoil("hang", calls=1)
    with pytest.raises(requests.ReadTimeout):
        sandbox.send(envelope(MOBILE), timeout=0.3)
    wait_until(lambda: sandbox.requests()[-1]["fault"] == "hang")
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


@pytest.mark.parametrize("lasting", [{"seconds": 3}, {}, {"calls": 1}])
def test_a_hang_ends_with_its_fault(sandbox: Bank, lasting: dict[str, float]) -> None:
    sandbox.log_in()
    sandbox.spoil("hang", **lasting)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(sandbox.ask, **MOBILE)
        if "seconds" not in lasting:
            wait_until(lambda: len(sandbox.requests()) == 2)
            sandbox.control("DELETE", "/faults")
        with pytest.raises(requests.ConnectionError):
            asked.result(timeout=20)
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


def test_a_truncated_answer_promises_more_than_it_sends(sandbox: Bank) -> None:
    sandbox.log_in()
    sandbox.spoil("truncated", calls=1)
    with pytest.raises(
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    ):
        sandbox.ask(**MOBILE)
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


@pytest.mark.parametrize(("flavour", "status"), [("qa", 401), ("production", 403)])
def test_a_bad_token_happens_to_queries_only(
    sandbox: Bank, flavour: str, status: int
) -> None:
    sandbox.become(flavour=flavour)
    sandbox.spoil("bad_token", calls=1)
    assert sandbox.log_in().status_code == 200
    assert sandbox.ask(**MOBILE).status_code == status
    assert sandbox.ask(**MOBILE).status_code != status


def test_a_bad_row_stands_among_good_ones(sandbox: Bank) -> None:
    sandbox.write(**PAYMENT)
    sandbox.write(**PAYMENT)
    sandbox.spoil("bad_row", calls=1)
    good, bad = rows(sandbox.ask(**MOBILE))
    assert {"trnType", "amount"} <= set(good)
    assert not {"trnType", "amount"} & set(bad)


def test_a_lone_row_can_be_bad_too(sandbox: Bank) -> None:
    sandbox.write(**TRANSFER, lone_object=True)
    sandbox.spoil("bad_row", calls=2)
    assert "trnType" not in rows(sandbox.ask(referenceNumber="88120"))
    assert verdict(sandbox.ask(referenceNumber="99")) == MISSED_QA


def test_expire_tokens_kills_those_already_given(sandbox: Bank) -> None:
    sandbox.log_in()
    assert sandbox.spoil("expire_tokens")["expired"] >= 1
    assert sandbox.ask(**MOBILE).status_code == 401
    sandbox.log_in()
    assert sandbox.ask(**MOBILE).status_code == 200


def test_refuse_closes_the_door_itself(sandbox: Bank) -> None:
    sandbox.log_in()
    # Long enough that a busy machine still finds the door shut.
    shut = sandbox.control("POST", "/faults", {"mode": "refuse", "seconds": 3})
    assert shut.headers["Connection"] == "close", "nobody asks on this line again"
    with pytest.raises(requests.ConnectionError, match="refused"):
        sandbox.ask(**MOBILE)
    wait_until(lambda: can_connect(sandbox))
    assert verdict(sandbox.ask(**MOBILE)) == MISSED_QA


def test_a_shut_door_keeps_its_port() -> None:
    doors = Doors("127.0.0.1", 0, lambda _: None)
    serving = Thread(target=doors.run)
    serving.start()
    try:
        doors.shut(seconds=60)
        with socket.socket() as thief, pytest.raises(OSError, match="in use"):
            thief.bind(doors.address)
    finally:
        doors.close()
        serving.join(timeout=10)
    assert not serving.is_alive()
    socket.create_server(doors.address).close()


def test_what_was_sent_ahead_is_not_answered_by_a_shut_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = read_options(["--port", "0"], {})
    bank = open_bank(options, Sandbox(options, Book()))
    send = server._send

    def shut_in_mid_answer(*answer: Any, **how: Any) -> bool:
        bank.shut(seconds=60)
        return send(*answer, **how)

    monkeypatch.setattr(server, "_send", shut_in_mid_answer)
    serving = Thread(target=bank.run)
    serving.start()
    try:
        with socket.create_connection(bank.address, timeout=30) as line:
            line.sendall(b"GET /sandbox/health HTTP/1.1\r\n\r\n" * 2)
            said = line.makefile("rb").read()
    finally:
        bank.close()
        serving.join(timeout=10)
    assert said.count(b"HTTP/1.1 200 OK") == 1


def can_connect(bank: Bank) -> bool:
    host, port = bank.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_faults_stand_in_a_row(sandbox: Bank) -> None:
    sandbox.log_in()
    sandbox.spoil("down", calls=2)
    sandbox.spoil("maintenance", calls=1)
    sandbox.spoil("dependency", seconds=3)
    seen = [sandbox.ask(**MOBILE).status_code for _ in range(5)]
    assert seen == [503, 503, 503, 424, 424]
    wait_until(lambda: sandbox.ask(**MOBILE).status_code == 200)
    assert sandbox.control("GET", "/faults").json() == []


def test_a_fault_of_one_path_leaves_the_other_alone(sandbox: Bank) -> None:
    sandbox.spoil("down", path="query")
    assert sandbox.log_in().status_code == 200
    assert sandbox.ask(**MOBILE).status_code == 503
    sandbox.control("DELETE", "/faults")
    sandbox.spoil("down", path="token")
    assert sandbox.log_in().status_code == 503
    assert sandbox.ask(**MOBILE).status_code == 200


def test_controls_are_never_hit(sandbox: Bank) -> None:
    sandbox.spoil("down")
    assert sandbox.control("GET", "/health").json()["status"] == "ok"
    listed = sandbox.control("GET", "/faults").json()
    assert [(fault["mode"], fault["calls_left"]) for fault in listed] == [
        ("down", None)
    ]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"mode": "sulk"}, "mode"),
        ({}, "mode"),
        ({"mode": "down", "calls": 0}, "calls"),
        ({"mode": "down", "seconds": "soon"}, "seconds"),
        ({"mode": "down", "path": "elsewhere"}, "path"),
        ({"mode": "bad_token", "path": "token"}, "path"),
        ({"mode": "down", "call": 1}, "call"),
    ],
)
def test_an_odd_fault_is_refused(
    sandbox: Bank, fault: dict[str, object], field: str
) -> None:
    answer = sandbox.control("POST", "/faults", fault)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_64_slow_answers_at_once(sandbox: Bank) -> None:
    sandbox.write(**PAYMENT)
    sandbox.log_in()
    sandbox.spoil("slow", calls=64, delay_seconds=60)

    def ask_alone(_: int) -> tuple[int, str]:
        mine = Bank(sandbox.process, sandbox.url)
        mine.token = sandbox.token
        return verdict(mine.send(envelope(MOBILE), timeout=60))

    def running() -> int:
        found: int = sandbox.control("GET", "/requests").json()["running"]
        return found

    with ThreadPoolExecutor(64) as pool:
        answers = pool.map(ask_alone, range(64))
        wait_until(lambda: running() == 64, seconds=30)
        sandbox.control("DELETE", "/faults")
        assert list(answers) == [(200, "200")] * 64
    assert sandbox.control("GET", "/requests").json()["max_simultaneous"] == 64
