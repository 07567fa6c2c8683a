"""A small load generator: so many clients, each asks again as soon as it is answered.

It runs as a process of its own (`python -m benchmarks.load`, a plan on stdin, what was
measured on stdout) and costs some 50 µs a request, so that on two cores the server and
not the generator is what is measured. It speaks to loopback only and always stops.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

_LATEST_SECONDS = 30


class LoadFailed(Exception):
    """Answers came that were not expected; figures of refusals mean nothing."""


@dataclass(frozen=True)
class Ask:
    """One request. `%(n)d` stands where a number never used before goes: in `body`, and
    in the headers of what has one."""

    path: str
    method: str = "GET"
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def template(self, port: int) -> tuple[bytes, bytes]:
        """The head without its end, and the body to be filled."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append("Content-Type: application/json")
        return "\r\n".join(lines).encode(), self.body.encode()


@dataclass(frozen=True)
class Plan:
    """At most `most` requests or `seconds`, whichever comes first; all expect `status`.

    `first` is the first number to be filled in; the requests of the list take turns.
    With `pace`, requests a second, each is due at its moment whether or not the others
    are answered, and its time counts from there; `clients` are then the most at once.
    """

    port: int
    asks: Sequence[Ask]
    clients: int
    seconds: float
    most: int = 1_000_000
    status: int = 200
    first: int = 1
    pace: float = 0


@dataclass(frozen=True)
class Measured:
    seconds: float
    times_ms: list[float]
    broken: int

    @property
    def per_second(self) -> float:
        return len(self.times_ms) / self.seconds


def run(plan: Plan) -> Measured:
    """Put the load on from another process. :raises LoadFailed: refused or silent."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        timeout=plan.seconds + _LATEST_SECONDS + 10,
    )
    if done.returncode:
        raise LoadFailed(done.stderr[-2000:])
    return Measured(**json.loads(done.stdout))


class _Crowd:
    """All clients together: who asks what next, and what came of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.templates = [ask.template(plan.port) for ask in plan.asks]
        self.asked = 0
        self.times_ms: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.odd = b""
        self.broken = 0
        self.began = time.perf_counter()
        self.ends = self.began + plan.seconds
        self.busy: set[_Client] = set()
        self.over = asyncio.get_running_loop().create_future()

    def due(self) -> float:
        """When the next request is to be sent: now, unless there is a pace."""
        now = time.perf_counter()
        return self.began + self.asked / self.plan.pace if self.plan.pace else now

    def next_request(self) -> bytes | None:
        if self.asked >= self.plan.most or time.perf_counter() >= self.ends:
            return None
        head, body = self.templates[self.asked % len(self.templates)]
        number = self.plan.first + self.asked
        self.asked += 1
        if not body:
            return head + b"\r\n\r\n"
        head, filled = (each % {b"n": number} for each in (head, body))
        return head + b"\r\nContent-Length: %d\r\n\r\n" % len(filled) + filled

    def answered(self, milliseconds: float, status: int, answer: bytes) -> None:
        self.times_ms.append(round(milliseconds, 3))
        self.statuses[status] += 1
        if status != self.plan.status and not self.odd:
            self.odd = answer[:1000]

    def leave(self, client: _Client) -> None:
        self.busy.discard(client)
        if not self.busy and not self.over.done():
            self.over.set_result(None)


class _Client(asyncio.Protocol):
    """One kept-alive connection; dials again when the server ends it."""

    def __init__(self, crowd: _Crowd) -> None:
        self.crowd = crowd
        self.buffer = b""
        self.is_waiting = False
        crowd.busy.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        due = self.crowd.due()
        request = self.crowd.next_request()
        if request is None:
            self.crowd.leave(self)
            self.transport.close()
            return
        self.is_waiting = True
        self.began = due
        wait = due - time.perf_counter()
        if wait <= 0:
            self.transport.write(request)  # type: ignore[attr-defined]
        else:
            write = self.transport.write  # type: ignore[attr-defined]
            asyncio.get_running_loop().call_later(wait, write, request)

    def data_received(self, chunk: bytes) -> None:
        self.buffer += chunk
        if not _is_complete(self.buffer):
            return
        answer, self.buffer, self.is_waiting = self.buffer, b"", False
        milliseconds = (time.perf_counter() - self.began) * 1000
        self.crowd.answered(milliseconds, int(answer[9:12]), answer)
        if b"connection: close" not in answer[:600].lower():
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self not in self.crowd.busy:
            return
        if self.is_waiting:
            self.crowd.broken += 1
            self.is_waiting, self.buffer = False, b""
        dialing = asyncio.ensure_future(_dial(self.crowd.plan.port, self))
        dialing.add_done_callback(lambda done: done.exception() and self._give_up())

    def _give_up(self) -> None:
        self.crowd.broken += 1
        self.crowd.leave(self)


def _is_complete(answer: bytes) -> bool:
    head, ended, body = answer.partition(b"\r\n\r\n")
    if not ended:
        return False
    _, found, rest = head.lower().partition(b"content-length: ")
    if found:
        return len(body) >= int(rest.partition(b"\r\n")[0])
    return body.endswith(b"0\r\n\r\n")  # chunked


async def _dial(port: int, client: _Client) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: client, "127.0.0.1", port)


async def _put_on(plan: Plan) -> _Crowd:
    crowd = _Crowd(plan)
    for client in [_Client(crowd) for _ in range(plan.clients)]:
        await _dial(plan.port, client)
    await asyncio.wait_for(crowd.over, plan.seconds + _LATEST_SECONDS)
    return crowd


def main() -> int:
    given = json.load(sys.stdin)
    plan = Plan(**{**given, "asks": [Ask(**ask) for ask in given["asks"]]})
    began = time.perf_counter()
    crowd = asyncio.run(_put_on(plan))
    seconds = time.perf_counter() - began
    if set(crowd.statuses) != {plan.status}:
        sys.stderr.write(f"{dict(crowd.statuses)}\n{crowd.odd.decode()}\n")
        return 1
    json.dump(asdict(Measured(seconds, crowd.times_ms, crowd.broken)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
