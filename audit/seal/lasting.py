"""The second signature of the day's anchor, for the years in which Ed25519 may fall.

ML-DSA-44 (FIPS 204) in the form of a cosignature (c2sp.org/tlog-cosignature): by a key
of its own, over the head and the second in which it was signed. A head covers all that
is before it, so that one a day is enough.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
)

from audit.seal.notes import (
    TIME_BYTES,
    BadNote,
    Head,
    Verifier,
    head_of,
    seconds_of,
    seed_of,
    signature_line,
)


@dataclass(frozen=True)
class LastingVerifier(Verifier):
    """The public half of the anchor's key."""

    kind: ClassVar[bytes] = b"\x06"
    key_bytes: ClassVar[int] = 1312

    def demand(self, signature: bytes, text: str) -> None:
        said = _message(self.name, seconds_of(signature), head_of(text))
        key = MLDSA44PublicKey.from_public_bytes(self.public)
        try:
            key.verify(signature[TIME_BYTES:], said)
        except InvalidSignature as error:
            raise BadNote(f"the signature of {self.name} is false") from error

    @property
    def row(self) -> str:
        """Whose line it is in the table of cosignatures: this key's, not the next's."""
        return f"{self.name}+{self.key_id.hex()}"


@dataclass(frozen=True)
class LastingSigner:
    """The anchor's key. Never printed, never stored."""

    name: str
    key: MLDSA44PrivateKey

    @classmethod
    def of_seed(cls, name: str, seed: str) -> "LastingSigner":
        """From 32 bytes in base64. :raises BadNote: something else."""
        return cls(name, MLDSA44PrivateKey.from_seed_bytes(seed_of(seed)))

    @property
    def verifier(self) -> LastingVerifier:
        return LastingVerifier(self.name, self.key.public_key().public_bytes_raw())

    def line(self, head: Head, *, now: datetime) -> str:
        """What goes below the checkpoint of this head."""
        seconds = int(now.timestamp())
        signature = self.key.sign(_message(self.name, seconds, head))
        said = seconds.to_bytes(TIME_BYTES) + signature
        return signature_line(self.verifier, said)


def _message(name: str, seconds: int, head: Head) -> bytes:
    """The `cosigned_message` of a whole tree: it starts at leaf 0."""
    parts = (
        b"subtree/v1\n\0",
        _counted(name),
        seconds.to_bytes(8),
        _counted(head.origin),
        (0).to_bytes(8),
        head.size.to_bytes(8),
        head.root,
    )
    return b"".join(parts)


def _counted(text: str) -> bytes:
    """:raises BadNote: more than the 255 bytes that one byte counts."""
    raw = text.encode()
    if len(raw) > 255:
        raise BadNote("a name of more than 255 bytes")
    return len(raw).to_bytes(1) + raw
