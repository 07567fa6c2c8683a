"""`python -m witness FOLDER key NAME | show | trust VKEY | serve [HOST:PORT]`.

Speaks c2sp.org/tlog-witness over plain HTTP; TLS, where it is wanted, ends before it.
`GET /checkpoint?origin=…` gives what it cosigned last, for whoever verifies the log.
"""

import sqlite3
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from witness.checkpoints import (
    Checkpoint,
    is_consistent,
    is_signed,
    number,
    parsed,
    unb64,
)
from witness.memory import NOTHING, Memory

LONGEST_BODY = 65_536
MOST_HASHES = 63


class Refused(Exception):
    """The answer to a request that is not served: a status and a short text."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def asked(body: bytes) -> tuple[int, list[bytes], Checkpoint]:
    """(old size, proof, checkpoint) of a request. :raises Refused: 400."""
    try:
        lines, _, note = body.decode().partition("\n\n")
        old, *hashes = lines.split("\n")
        word, _, size = old.partition(" ")
        if word != "old" or len(hashes) > MOST_HASHES:
            raise ValueError("no old size, or too many hashes")
        checkpoint = parsed(note)
        proof = [unb64(each, 32) for each in hashes]
        if number(size) > checkpoint.size:
            raise ValueError("the old size is above the new one")
    except ValueError as problem:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{problem}\n") from problem
    return number(size), proof, checkpoint


def add_checkpoint(memory: Memory, body: bytes, *, seconds: int) -> str:
    """Check, remember, cosign. :raises Refused: as c2sp.org/tlog-witness says."""
    old, proof, checkpoint = asked(body)
    vkeys = memory.vkeys_of(checkpoint.origin)
    if not vkeys:
        raise Refused(HTTPStatus.NOT_FOUND, "this log is not witnessed here\n")
    if not is_signed(checkpoint, vkeys):
        raise Refused(HTTPStatus.FORBIDDEN, "not signed by a key of this log\n")
    line = memory.cosigner().cosign(checkpoint.text, seconds)
    with memory.alone() as seen:
        _demand_growth(seen, old, proof, checkpoint)
        seen.execute(
            "REPLACE INTO seen VALUES (?, ?, ?, ?)",
            [checkpoint.origin, checkpoint.size, checkpoint.root, _kept(body) + line],
        )
    return line


def _kept(body: bytes) -> str:
    return body.decode().partition("\n\n")[2]


def _demand_growth(
    seen: sqlite3.Connection, old: int, proof: list[bytes], new: Checkpoint
) -> None:
    row = seen.execute("SELECT size, root FROM seen WHERE origin = ?", [new.origin])
    size, root = row.fetchone() or NOTHING
    if old != size or (new.size == size != 0 and new.root != root):
        raise Refused(HTTPStatus.CONFLICT, f"{size}\n")
    if not is_consistent(
        old=old, old_root=root, new=new.size, new_root=new.root, proof=proof
    ):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not hold\n")


class Desk(BaseHTTPRequestHandler):
    """One request at a time of one connection, kept alive."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    memory: Memory

    def do_POST(self) -> None:
        try:
            if self.path != "/add-checkpoint":
                raise Refused(HTTPStatus.NOT_FOUND, "nothing here\n")
            line = add_checkpoint(self.memory, self._body(), seconds=int(time.time()))
            self._answer(HTTPStatus.OK, line)
        except Refused as refused:
            self._answer(refused.status, refused.text)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        origin = parse_qs(address.query).get("origin", [""])[0]
        note = self.memory.last_note(origin) if address.path == "/checkpoint" else None
        if note is None:
            self._answer(HTTPStatus.NOT_FOUND, "nothing seen\n")
        else:
            self._answer(HTTPStatus.OK, note)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True  # what follows was not read
            raise Refused(HTTPStatus.BAD_REQUEST, "no length, or too long\n")
        return self.rfile.read(int(length))

    def _answer(self, status: HTTPStatus, text: str) -> None:
        is_size = status is HTTPStatus.CONFLICT
        kind = "text/x.tlog.size" if is_size else "text/plain; charset=utf-8"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


def serve(memory: Memory, address: str) -> None:
    """Answer until the process is ended."""
    print(memory.cosigner().vkey, flush=True)
    host, _, port = address.rpartition(":")
    desk = type("Desk", (Desk,), {"memory": memory})
    ThreadingHTTPServer((host, int(port)), desk).serve_forever()


def main(arguments: list[str]) -> int:
    match arguments:
        case [folder, "key", name]:
            print(Memory(Path(folder)).make_key(name).vkey)
        case [folder, "show"]:
            print(Memory(Path(folder)).cosigner().vkey)
        case [folder, "trust", vkey]:
            Memory(Path(folder)).trust(vkey)
        case [folder, "serve"]:
            serve(Memory(Path(folder)), "127.0.0.1:8200")
        case [folder, "serve", address]:
            serve(Memory(Path(folder)), address)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
