"""A server that says exactly the bytes a test wants, well-formed or not."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Say = Callable[[socket.socket], None]


@contextmanager
def server_saying(
    *answers: Say, context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Answer one connection after the other; gives the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    if context:
        listener = context.wrap_socket(listener, server_side=True)
    thread = threading.Thread(target=_serve, args=(listener, answers), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/query"
    finally:
        # Closing alone would not wake who waits for a connection.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def _serve(listener: socket.socket, answers: tuple[Say, ...]) -> None:
    for say in answers:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                _read_request(connection)
                say(connection)
            except OSError:
                continue


def _read_request(connection: socket.socket) -> None:
    """Read all of it: closing on unread bytes would reset the connection."""
    got = connection.recv(65_536)
    while got and b"\r\n\r\n" not in got:
        got += connection.recv(65_536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65_536)


def text(content: bytes, *headers: bytes) -> Say:
    """These bytes, whole, with these headers."""
    head = b"\r\n".join(
        [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(content), *headers]
    )
    return lambda connection: connection.sendall(head + b"\r\n\r\n" + content)


def raw(content: bytes) -> Say:
    """These bytes and then the end of the connection."""
    return lambda connection: connection.sendall(content)


def dripping(head: bytes, *, seconds: float) -> Say:
    """A byte every 50 ms, for so long."""

    def say(connection: socket.socket) -> None:
        connection.sendall(head)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            connection.sendall(b" ")
            time.sleep(0.05)

    return say


def silence(*, seconds: float) -> Say:
    """Nothing at all, for so long or until the client hangs up."""

    def say(connection: socket.socket) -> None:
        connection.settimeout(seconds)
        connection.recv(1)

    return say


def reset(connection: socket.socket) -> None:
    """A reset instead of an answer."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def half_and_reset(connection: socket.socket) -> None:
    """A reset in the middle of an answer."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")
    time.sleep(0.2)
    reset(connection)
