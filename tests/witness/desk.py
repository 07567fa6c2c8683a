"""A log that grows in memory, and a witness of it as a process of its own."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from areamedica.devstack.processes import Process, free_port
from audit.seal import tree
from audit.seal.notes import Head, Signer

ROOT = Path(__file__).resolve().parents[2]
NAME = "notaria.example/witness"


class Log:
    """Leaves, and checkpoints of any size signed by a key of its own."""

    def __init__(self, origin: str = "clinic.example/log", seed: int = 1) -> None:
        drawn = base64.b64encode(bytes([seed]) * 32).decode()
        self.signer = Signer.of_seed(origin, drawn)
        self.leaves = [tree.leaf_hash(b"%d" % number) for number in range(1000)]

    @property
    def vkey(self) -> str:
        return str(self.signer.verifier)

    def head(self, size: int) -> Head:
        root = tree.root(tree.over(self.leaves), size)
        return Head(self.signer.name, size, root)

    def checkpoint(self, size: int) -> str:
        return self.signer.sign(self.head(size).text)

    def request(self, old: int, new: int) -> str:
        """What asks a witness that saw `old` to cosign `new`."""
        proof = tree.consistency(tree.over(self.leaves), old, new) if old else []
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
        return f"old {old}\n{lines}\n{self.checkpoint(new)}"


class Witness:
    """The program in a folder; it can be ended and started again."""

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self.folder = folder
        self.vkey = self._told("key", name)
        port = free_port()
        address = f"127.0.0.1:{port}"
        self.url = f"http://{address}"
        self._process = Answering(
            "witness",
            [sys.executable, "-m", "witness", str(folder), "serve", address],
            log=folder / "log",
            port=port,
            folder=ROOT,
        )

    def _told(self, *arguments: str) -> str:
        asked = [sys.executable, "-m", "witness", str(self.folder), *arguments]
        answer = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True)
        return answer.stdout.decode().strip()

    def trust(self, vkey: str) -> None:
        self._told("trust", vkey)

    def start(self) -> None:
        self._process.start()
        self._process.wait_ready()

    def kill(self) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        self._process.stop()

    def add(self, body: str | bytes) -> requests.Response:
        raw = body if isinstance(body, bytes) else body.encode()
        return requests.post(f"{self.url}/add-checkpoint", data=raw, timeout=10)

    def last(self, origin: str) -> requests.Response:
        asked = {"origin": origin}
        return requests.get(f"{self.url}/checkpoint", params=asked, timeout=10)


class Answering(Process):
    def is_ready(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self.port}/"
            return requests.get(address, timeout=1).status_code == 404
        except requests.RequestException:
            return False


@contextmanager
def a_witness(folder: Path, *logs: str, name: str = NAME) -> Iterator[Witness]:
    """Running, and trusting the logs of these keys."""
    witness = Witness(folder, name)
    for vkey in logs:
        witness.trust(vkey)
    witness.start()
    try:
        yield witness
    finally:
        witness.stop()
