"""Calls bounded in time and size, whatever the other side does."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from banking.gateways.http import LONGEST_RETRY_AFTER, Reply, fetch
from banking.reading import Outcome, Reading, Unanswered
from banking.resilience.deadline import Deadline
from tests.banking.wire import (
    Say,
    dripping,
    half_and_reset,
    raw,
    reset,
    server_saying,
    silence,
    text,
)

Tune = Callable[..., None]
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="makes a certificate with openssl"
)


@pytest.fixture
def tune(settings: Any) -> Tune:
    def change(**bank: object) -> None:
        settings.BANESCO = {**settings.BANESCO, **bank}

    return change


@contextmanager
def tls_server(folder: Path) -> Iterator[str]:
    """A TLS server whose certificate only `bank.pem` in `folder` vouches for."""
    key, certificate = folder / "bank.key", folder / "bank.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-keyout", key, "-out", certificate, "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with server_saying(text(b"hola"), context=context) as url:
        yield url.replace("http://127.0.0.1", "https://localhost")


def call(url: str, *, seconds: float = 10) -> Reply:
    return fetch("POST", url, deadline=Deadline(seconds), headers={}, body=b"{}")


def trouble(url: str, *, seconds: float = 10) -> Reading:
    with pytest.raises(Unanswered) as raised:
        call(url, seconds=seconds)
    return raised.value.reading


def test_an_answer_is_given_with_its_status() -> None:
    with server_saying(text(b"hola", b"Content-Type: text/plain")) as url:
        assert call(url) == Reply(status=200, text="hola")


@pytest.mark.parametrize(
    ("content", "header", "expected"),
    [
        ("Transacción".encode(), b"", "Transacción"),
        ("Transacción".encode("latin-1"), b"; charset=iso-8859-1", "Transacción"),
        (b"\xff\x00", b"", "\ufffd\ufffd"),
        (b"hola", b"; charset=nonsense", "hola"),
    ],
)
def test_what_comes_can_be_stored_as_text(
    content: bytes, header: bytes, expected: str
) -> None:
    kind = b"Content-Type: application/json" + header
    with server_saying(text(content, kind)) as url:
        assert call(url).text == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", None),
        (b"Retry-After: 7", timedelta(seconds=7)),
        (b"Retry-After: 0", timedelta(seconds=1)),
        (b"Retry-After: 999999", LONGEST_RETRY_AFTER),
        (b"Retry-After: soon", None),
        (b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", timedelta(seconds=1)),
    ],
)
def test_retry_after_is_bounded(header: bytes, expected: timedelta | None) -> None:
    with server_saying(text(b"", *([header] if header else []))) as url:
        assert call(url).retry_after == expected


def test_retry_after_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    with server_saying(text(b"", b"Retry-After: " + date.encode())) as url:
        wait = call(url).retry_after
    assert wait is not None
    assert timedelta(seconds=80) < wait <= timedelta(seconds=90)


@pytest.mark.parametrize(
    ("say", "outcome"),
    [
        (reset, Outcome.DOWN),
        (half_and_reset, Outcome.DOWN),
        (raw(b""), Outcome.DOWN),
        (raw(b"SSH-2.0-OpenSSH\r\n"), Outcome.DOWN),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), Outcome.UNREADABLE),
        (text(b"x" * 1_100_000), Outcome.UNREADABLE),
        (text(b"not gzip", b"Content-Encoding: gzip"), Outcome.UNREADABLE),
        (
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"),
            Outcome.UNREADABLE,
        ),
    ],
)
def test_no_complete_answer(say: Say, outcome: Outcome) -> None:
    with server_saying(say) as url:
        assert trouble(url).outcome == outcome


def test_nobody_listens() -> None:
    with socket.socket() as holder:  # bound, so that nobody else listens there
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        assert trouble(f"http://127.0.0.1:{port}/").outcome == Outcome.DOWN


@pytest.mark.parametrize("url", ["nonsense", "ftp://bank/x", "http://", "http://a:b/"])
def test_an_address_that_is_none_is_our_mistake(url: str) -> None:
    assert trouble(url).outcome == Outcome.MISCONFIGURED


@needs_openssl
def test_a_certificate_we_cannot_verify_is_our_mistake(tmp_path: Path) -> None:
    with tls_server(tmp_path) as url:
        assert trouble(url).outcome == Outcome.MISCONFIGURED


@needs_openssl
def test_a_ca_bundle_of_the_bank_is_trusted(tmp_path: Path, tune: Tune) -> None:
    tune(CA_BUNDLE=str(tmp_path / "bank.pem"))
    with tls_server(tmp_path) as url:
        assert call(url).text == "hola"


def test_a_silent_bank_is_waited_for_only_so_long(tune: Tune) -> None:
    tune(TIMEOUT_SECONDS=1)
    started = time.monotonic()
    with server_saying(silence(seconds=8)) as url:
        reading = trouble(url)
        seconds = time.monotonic() - started
    assert (reading.outcome, reading.fair) == (Outcome.TIMEOUT, True)
    assert 0.9 < seconds < 5


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"],
)
def test_a_dripping_answer_does_not_outlast_the_deadline(head: bytes) -> None:
    started = time.monotonic()
    with server_saying(dripping(head, seconds=5)) as url:
        reading = trouble(url, seconds=0.6)
        seconds = time.monotonic() - started
    assert reading.outcome == Outcome.TIMEOUT
    assert seconds < 4


def test_a_wait_we_cut_short_is_not_held_against_the_bank() -> None:
    with server_saying(silence(seconds=1)) as url:
        reading = trouble(url, seconds=0.3)
    assert (reading.outcome, reading.fair) == (Outcome.TIMEOUT, False)


def test_without_time_nothing_is_sent() -> None:
    with server_saying(text(b"never")) as url:
        assert trouble(url, seconds=0).outcome == Outcome.TIMEOUT


def test_a_redirect_is_not_followed() -> None:
    say = raw(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n")
    with server_saying(say) as url:
        assert call(url).status == 302
