"""The folder of a witness: its key, the logs it trusts, and how far it saw each."""

import base64
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from witness.checkpoints import Cosigner, public_of, unb64

NOTHING = (0, b"")


class Memory:
    """`key` (the secret, for nobody else to read), `logs` (vkeys), `seen.sqlite`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_key(self, name: str) -> Cosigner:
        """Draw the key, once. :raises FileExistsError: there is one already."""
        if not name or set(name) & set("+ \n"):
            raise ValueError("a name has no blank and no plus")
        seed = base64.b64encode(secrets.token_bytes(32)).decode()
        path = os.open(self.folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(path, "w") as file:
            file.write(f"{name} {seed}\n")
        return self.cosigner()

    def cosigner(self) -> Cosigner:
        """:raises FileNotFoundError: no key was made yet."""
        name, seed = (self.folder / "key").read_text().split()
        return Cosigner(name, Ed25519PrivateKey.from_private_bytes(unb64(seed, 32)))

    def trust(self, vkey: str) -> None:
        """Witness this log from now on. :raises ValueError: not the key of a log."""
        public_of(vkey)
        if vkey not in self._vkeys():
            with (self.folder / "logs").open("a") as file:
                file.write(f"{vkey}\n")

    def vkeys_of(self, origin: str) -> list[str]:
        """The keys of a log, which signs under its origin; none: it is unknown."""
        return [vkey for vkey in self._vkeys() if public_of(vkey)[0] == origin]

    def _vkeys(self) -> list[str]:
        path = self.folder / "logs"
        return path.read_text().split() if path.exists() else []

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Look and write with nobody in between; on the disk before this ends."""
        path = self.folder / "seen.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as seen:
            seen.execute("PRAGMA synchronous = FULL")
            seen.execute(
                "CREATE TABLE IF NOT EXISTS seen"
                " (origin TEXT PRIMARY KEY, size INTEGER, root BLOB, note TEXT)"
            )
            seen.execute("BEGIN IMMEDIATE")
            try:
                yield seen
            except BaseException:
                seen.execute("ROLLBACK")
                raise
            seen.execute("COMMIT")

    def last_note(self, origin: str) -> str | None:
        """The checkpoint last cosigned, with the witness's line below."""
        with self.alone() as seen:
            row = seen.execute("SELECT note FROM seen WHERE origin = ?", [origin])
            found = row.fetchone()
        return found and str(found[0])
