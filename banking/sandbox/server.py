"""HTTP/1.1 over one connection: read a request, send its answer in one piece."""

import socket
import struct
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

from banking.sandbox import teller
from banking.sandbox.controls import Controls
from banking.sandbox.doors import Doors
from banking.sandbox.options import Options
from banking.sandbox.sandbox import Sandbox
from banking.sandbox.teller import Departure, Way
from banking.sandbox.wire import Answer, Request, json_answer

LONGEST_LINE = 65_536
LONGEST_BODY = 64 * 1024 * 1024
MOST_HEADERS = 100
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Unreadable(Exception):
    """What came in is not a request we can follow."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def open_bank(options: Options, sandbox: Sandbox) -> Doors:
    """Listen on the options' address; `run()` of what is returned serves.

    :raises OSError: the address is taken.
    """

    def attend(guest: socket.socket) -> None:
        with guest.makefile("rb") as incoming:
            while _serve_one(guest, incoming, sandbox, controls, doors):
                pass

    doors = Doors(options.host, options.port, attend)
    controls = Controls(sandbox, doors.shut)
    return doors


def _serve_one(
    guest: socket.socket,
    incoming: BinaryIO,
    sandbox: Sandbox,
    controls: Controls,
    doors: Doors,
) -> bool:
    """Answer the next request; false when the connection is over."""
    try:
        request = _read_request(incoming, _say_continue(guest))
    except Unreadable as problem:
        answer = json_answer(problem.status, {"error": "unreadable request"})
        guest.sendall(_written(answer, is_last=True))
        return False
    # Bytes that come after we stopped reading are still read: nobody is in to answer.
    if request is None or doors.is_shut:
        return False
    if controls.owns(request.path):
        departure = Departure(controls.answer(request))
    else:
        departure = teller.serve(request, sandbox, lambda: _has_left(guest))
    # Whoever is not told that the line ends with this answer asks once more on it.
    is_last = doors.is_shut or _wants_to_close(request)
    return _send(guest, departure, is_last=is_last)


def _send(guest: socket.socket, departure: Departure, *, is_last: bool) -> bool:
    answer = departure.answer
    if answer is None or departure.way is Way.RESET:
        if departure.way is Way.RESET:
            guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        return False
    whole = _written(answer, is_last=is_last)
    if departure.way is Way.HALF:
        guest.sendall(whole[: len(whole) - (len(answer.body) + 1) // 2])
        return False
    guest.sendall(whole)
    return not is_last


def _written(answer: Answer, *, is_last: bool) -> bytes:
    headers = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        f"Connection: {'close' if is_last else 'keep-alive'}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return "\r\n".join((*headers, "", "")).encode("latin-1") + answer.body


def _read_request(incoming: BinaryIO, go_on: Callable[[], None]) -> Request | None:
    """The next request; none when the client has hung up.

    :raises Unreadable: it is malformed or too long.
    """
    line = _read_line(incoming)
    if not line:
        return None
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Unreadable(400)
    method, target, version = words
    headers = _read_headers(incoming)
    headers.setdefault("connection", "close" if version == "HTTP/1.0" else "keep-alive")
    if headers.get("expect", "").lower() == "100-continue":
        go_on()
    url = urlsplit(target)
    body = _read_body(incoming, headers)
    return Request(method, url.path, dict(parse_qsl(url.query)), headers, body)


def _read_line(incoming: BinaryIO) -> str:
    line = incoming.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise Unreadable(431)
    return line.decode("latin-1").rstrip("\r\n")


def _read_headers(incoming: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := _read_line(incoming):
        name, colon, value = line.partition(":")
        if not colon or len(headers) >= MOST_HEADERS:
            raise Unreadable(431 if colon else 400)
        headers[name.strip().lower()] = value.strip()
    return headers


def _read_body(incoming: BinaryIO, headers: dict[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise Unreadable(411)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Unreadable(400)
    if int(length) > LONGEST_BODY:
        raise Unreadable(413)
    body = incoming.read(int(length))
    if len(body) < int(length):
        raise Unreadable(400)
    return body


def _say_continue(guest: socket.socket) -> Callable[[], None]:
    return lambda: guest.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _wants_to_close(request: Request) -> bool:
    return request.headers["connection"].lower() == "close"


def _has_left(guest: socket.socket) -> bool:
    """Look without waiting: nothing to read yet means the client still waits."""
    try:
        return not guest.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
