"""The demo's witness of the journal: another party, with its own folder and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from areamedica.devstack.processes import Process, port_is_free
from audit.seal.notes import Signer

NAME = "demo.areamedica.test/witness"
# What the settings say when nobody says otherwise.
ORIGIN = "area-medica/journal"


class Witness(Process):
    """`python -m witness`, which knows of us no more than the public key."""

    stage = 2

    def __init__(self, home: Path, *, port: int, log: Path, project: Path) -> None:
        self.home = home
        self._program = [sys.executable, "-m", "witness", str(home)]
        address = f"127.0.0.1:{port}"
        self.url = f"http://{address}"
        command = [*self._program, "serve", address]
        super().__init__("witness", command, log=log, port=port, folder=project)

    def introduce(self, *, origin: str, signing_key: str) -> str:
        """Make its key if it has none, tell it ours, and give the words of the setting.

        :raises subprocess.CalledProcessError: its folder cannot be used.
        """
        if not (self.home / "key").exists():
            self._asked("key", NAME)
        self._asked("trust", str(Signer.of_seed(origin, signing_key).verifier))
        return f"{self._asked('show')} {self.url}"

    def is_ready(self) -> bool:
        return self.is_running() and not port_is_free(self.port or 0)

    def _asked(self, *words: str) -> str:
        done = subprocess.run(
            [*self._program, *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()
