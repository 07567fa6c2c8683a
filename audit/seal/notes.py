"""Signed notes and checkpoints of C2SP. Text in, text out.

A note is its text, an empty line and one line per signature; a checkpoint is a note
whose text is origin, size and root (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

_SEED_BYTES = 32
_HASH_BYTES = 32
_ID_BYTES = 4
TIME_BYTES = 8


class BadNote(Exception):
    """A note, a key or a signature is not what it claims to be; the text says why."""


@dataclass(frozen=True)
class Verifier:
    """A public key and the name it signs under: C2SP's `vkey`."""

    kind: ClassVar[bytes] = b"\x01"
    key_bytes: ClassVar[int] = 32
    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """What a signature line begins with, so that its key is found."""
        said = self.name.encode() + b"\n" + self.kind + self.public
        return sha256(said).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_b64(self.kind + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a vkey. :raises BadNote: not a key of this kind."""
        name, _, rest = vkey.partition("+")
        key_id, _, key = rest.partition("+")
        raw = unb64(key)
        found = cls(name, raw[1:])
        if raw[:1] != cls.kind or len(found.public) != cls.key_bytes or not name:
            raise BadNote("not a key of the kind that is wanted")
        if found.key_id.hex() != key_id:
            raise BadNote("a key whose id is another's")
        return found

    def demand(self, signature: bytes, text: str) -> None:
        """:raises BadNote: the signature is not this key's over the text."""
        key = Ed25519PublicKey.from_public_bytes(self.public)
        try:
            key.verify(signature, text.encode())
        except InvalidSignature as error:
            raise BadNote(f"the signature of {self.name} is false") from error


@dataclass(frozen=True)
class Cosigner(Verifier):
    """A witness's key: it signs a checkpoint and the second in which it saw it.

    (cosignature/v1 of c2sp.org/tlog-cosignature.)
    """

    kind: ClassVar[bytes] = b"\x04"

    def demand(self, signature: bytes, text: str) -> None:
        seconds = seconds_of(signature)
        signed = f"cosignature/v1\ntime {seconds}\n{text}"
        super().demand(signature[TIME_BYTES:], signed)


def seconds_of(cosignature: bytes) -> int:
    """The second since 1970 that a cosignature begins with."""
    return int.from_bytes(cosignature[:TIME_BYTES])


def signature_line(verifier: Verifier, signature: bytes) -> str:
    """The line below a note that carries a key's signature."""
    return f"— {verifier.name} {_b64(verifier.key_id + signature)}\n"


def seed_of(text: str) -> bytes:
    """A private key's 32 bytes, in base64. :raises BadNote: something else."""
    raw = unb64(text)
    if len(raw) != _SEED_BYTES:
        raise BadNote(f"the key has {len(raw)} bytes instead of {_SEED_BYTES}")
    return raw


@dataclass(frozen=True)
class Signer:
    """A private key and the name it signs under. Never printed, never stored."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def of_seed(cls, name: str, seed: str) -> "Signer":
        """From 32 bytes in base64. :raises BadNote: something else."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed_of(seed)))

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: `text`, an empty line and this key's signature."""
        signature = self.key.sign(text.encode())
        return f"{text}\n{signature_line(self.verifier, signature)}"


@dataclass(frozen=True)
class Head:
    """What a checkpoint states: a log of this origin and size has this root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


def opened(note: str, verifiers: Sequence[Verifier]) -> Head:
    """What a checkpoint states, once a key we know has signed it.

    :raises BadNote: no checkpoint, no signature of a known key, or a false one.
    """
    text, signatures = _parted(note)
    known = {(each.name, each.key_id): each for each in verifiers}
    is_signed = False
    for name, raw, _ in signatures:
        if verifier := known.get((name, raw[:_ID_BYTES])):
            verifier.demand(raw[_ID_BYTES:], text)
            is_signed = True
    if not is_signed:
        raise BadNote("not signed by a key we know")
    return head_of(text)


def cosignature(note: str, witness: Cosigner) -> tuple[str, int]:
    """The witness's line below a checkpoint, and the second (since 1970) it states.

    :raises BadNote: there is none, or a false one.
    """
    opened(note, [witness])
    for name, raw, line in _parted(note)[1]:
        if (name, raw[:_ID_BYTES]) == (witness.name, witness.key_id):
            return f"{line}\n", seconds_of(raw[_ID_BYTES:])
    raise AssertionError("opened found it")


def is_below(note: str, verifier: Verifier) -> bool:
    """Whether a line of this key, true or false, stands below a note."""
    wanted = (verifier.name, verifier.key_id)
    return any((name, raw[:_ID_BYTES]) == wanted for name, raw, _ in _parted(note)[1])


def _parted(note: str) -> tuple[str, list[tuple[str, bytes, str]]]:
    """The text, and of each signature its name, its bytes and its line."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise BadNote("not a signed note")
    found = []
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        name, _, signature = rest.partition(" ")
        raw = unb64(signature)
        if mark != "—" or len(raw) <= _ID_BYTES:
            raise BadNote("a line that is no signature")
        found.append((name, raw, line))
    return f"{text}\n", found


def head_of(text: str) -> Head:
    """What the text of a checkpoint states. :raises BadNote: it is no checkpoint's."""
    origin, size, *rest = text.splitlines()
    is_canonical = size.isascii() and size.isdigit() and str(int(size)) == size
    if not origin or not is_canonical or not rest:
        raise BadNote("a note that is no checkpoint")
    root = unb64(rest[0])
    if len(root) != _HASH_BYTES:
        raise BadNote("a root that is no hash")
    return Head(origin, int(size), root)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def unb64(text: str) -> bytes:
    """Read base64. :raises BadNote: it is not."""
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("not base64") from error


def proof_text(*, entry: bytes, index: int, hashes: list[bytes], note: str) -> str:
    """A `tlog-proof@v1`: the entry as its extra data, where it stands, and why."""
    lines = "".join(f"{_b64(each)}\n" for each in hashes)
    return (
        f"c2sp.org/tlog-proof@v1\nextra {_b64(entry)}\nindex {index}\n{lines}\n{note}"
    )
