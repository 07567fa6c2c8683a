"""The listening socket: open, shut for a while, or closed for good."""

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

Attend = Callable[[socket.socket], None]

BACKLOG = 512
SHUT_PATIENCE_SECONDS = 20.0


class Doors:
    """Accepts connections, one thread each.

    While shut nobody listens at all, so clients are refused by the operating system,
    as new connections to Banesco were from September 2026 on (fact sheet §4). The port
    stays ours meanwhile: left free, it may become some client's own, for a minute.
    """

    def __init__(self, host: str, port: int, attend: Attend) -> None:
        self._attend = attend
        self._listener = _hold(host, port)
        self._listener.listen(BACKLOG)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._bell, self._ear = socket.socketpair()
        self._lock = threading.Lock()
        self._guests: set[socket.socket] = set()
        self._is_over = False
        self._shut_seconds = 0.0
        self._shut = threading.Event()

    def run(self) -> None:
        """Serve until `close`."""
        while True:
            self._accept_until_the_bell()
            self._listener.close()
            if not self._is_over:
                self._listener = _hold(*self.address)
            self._send_idle_guests_home()
            self._shut.set()
            if self._is_closed_within(self._shut_seconds):
                self._listener.close()
                return
            # In this order: who gets in is answered.
            self._shut.clear()
            self._listener.listen(BACKLOG)

    def shut(self, seconds: float) -> None:
        """Stop listening for some seconds; returns once nobody can get in."""
        self._shut_seconds = seconds
        self._bell.send(b"s")
        self._shut.wait(SHUT_PATIENCE_SECONDS)

    @property
    def is_shut(self) -> bool:
        return self._shut.is_set()

    def close(self) -> None:
        """Stop for good. Safe in a signal's callback."""
        self._is_over = True
        self._bell.send(b"c")

    def _accept_until_the_bell(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._listener, selectors.EVENT_READ)
            waiting.register(self._ear, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in waiting.select()}
                if self._ear in ready:
                    self._ear.recv(1)
                    return
                with suppress(OSError):  # the guest may have left already
                    self._welcome(self._listener.accept()[0])

    def _is_closed_within(self, seconds: float) -> bool:
        """Wait out a shut door; true when `close` was called meanwhile."""
        opens_at = time.monotonic() + seconds
        while not self._is_over and (left := opens_at - time.monotonic()) > 0:
            self._ear.settimeout(left)
            with suppress(TimeoutError):
                self._ear.recv(1)
        return self._is_over

    def _welcome(self, guest: socket.socket) -> None:
        guest.settimeout(None)
        guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._guests.add(guest)
        threading.Thread(target=self._host, args=(guest,), daemon=True).start()

    def _host(self, guest: socket.socket) -> None:
        try:
            with suppress(OSError):  # a client that leaves in mid-word is no news
                self._attend(guest)
        finally:
            with self._lock:
                self._guests.discard(guest)
            guest.close()

    def _send_idle_guests_home(self) -> None:
        """Kept-alive connections end too; who is being answered is answered first."""
        with self._lock:
            guests = list(self._guests)
        for guest in guests:
            with suppress(OSError):
                guest.shutdown(socket.SHUT_RD)


def _hold(host: str, port: int) -> socket.socket:
    """Take the port without listening on it."""
    holder = socket.socket()
    # Guests of a moment ago may still be leaving by it.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.settimeout(0)
    try:
        holder.bind((host, port))
    except OSError:
        holder.close()
        raise
    return holder
