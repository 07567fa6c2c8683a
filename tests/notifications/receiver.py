"""Somebody else's server: takes our news as it is told to, and keeps what it got."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Message:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` are used up one by one, then everything is taken."""

    server: ThreadingHTTPServer
    got: list[Message] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        message = Message(self.path, dict(self.headers), self.rfile.read(length))
        self.receiver.got.append(message)
        answer = self.receiver.answers.pop(0) if self.receiver.answers else "200"
        getattr(self, f"_{answer}", lambda: self._plain(int(answer)))()

    do_GET = do_POST

    def _plain(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"{self.receiver.url}/elsewhere")
        self.end_headers()

    def _huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(4000):
            self.wfile.write(b"x" * 65_536)

    def _hangs(self) -> None:
        self.receiver.may_answer.wait(30)
        self._plain(200)

    def _drips(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000:
            self.wfile.write(bytes([byte]))
            if self.receiver.may_answer.wait(0.05):
                return

    def _dies(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """It keeps quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Whoever hangs up in the middle is no news here."""


@contextmanager
def started(port: int = 0, context: Any = None) -> Iterator[Receiver]:
    """A receiver on loopback; with an SSL context it speaks TLS."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", port), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server)
    handler.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join()
