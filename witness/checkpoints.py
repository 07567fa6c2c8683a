"""Checkpoints, consistency and cosignatures as C2SP writes them; no file, no network.

Written anew rather than shared with the log: a mistake in the log's own code must not
convince its witness (c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature).
"""

import base64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

LOG, COSIGNER = b"\x01", b"\x04"
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Checkpoint:
    """What a log states of itself, and the signatures below: (name, id + signature)."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes]]


def parsed(note: str) -> Checkpoint:
    """Read a signed checkpoint. :raises ValueError: it is none."""
    text, blank, below = note.rpartition("\n\n")
    origin, size, root = (text.split("\n") + ["", ""])[:3]
    if not blank or not origin or not below.endswith("\n"):
        raise ValueError("not a signed checkpoint")
    signatures = [_signature(line) for line in below[:-1].split("\n")]
    return Checkpoint(f"{text}\n", origin, number(size), unb64(root, 32), signatures)


def _signature(line: str) -> tuple[str, bytes]:
    dash, name, signature = line.split(" ")
    if dash != "—" or not name:
        raise ValueError("not a signature")
    return name, unb64(signature)


def number(digits: str) -> int:
    """Read a size without sign or leading zero. :raises ValueError: it is none."""
    is_number = digits.isascii() and digits.isdigit() and str(int(digits)) == digits
    if not is_number or int(digits) > LARGEST:
        raise ValueError("not a size")
    return int(digits)


def unb64(text: str, length: int | None = None) -> bytes:
    """Read base64. :raises ValueError: it is none, or of another length."""
    raw = base64.b64decode(text, validate=True)
    if length not in (None, len(raw)):
        raise ValueError("of another length")
    return raw


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    """The four bytes that a signature by this key begins with."""
    return sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def public_of(vkey: str) -> tuple[str, bytes]:
    """(name, Ed25519 key) of a log's vkey. :raises ValueError: it is none."""
    name, hexed, rest = vkey.split("+", 2)
    raw = unb64(rest, 33)
    if raw[:1] != LOG or key_id(name, LOG, raw[1:]).hex() != hexed:
        raise ValueError("not the key of a log")
    return name, raw[1:]


def is_signed(checkpoint: Checkpoint, vkeys: list[str]) -> bool:
    """Whether one of the log's keys signed it; other signatures are passed over."""
    for name, public in map(public_of, vkeys):
        for signer, signature in checkpoint.signatures:
            if (signer, signature[:4]) == (name, key_id(name, LOG, public)):
                try:
                    key = Ed25519PublicKey.from_public_bytes(public)
                    key.verify(signature[4:], checkpoint.text.encode())
                except InvalidSignature:
                    continue
                return True
    return False


def is_consistent(
    *, old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]
) -> bool:
    """Whether the tree of `new` leaves begins with the one of `old` (RFC 9162, 2.1.4).

    Follows the sides of the older tree's last complete node up to both roots.
    """
    if old in (0, new):
        return not proof and (old == 0 or old_root == new_root)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    path = proof if at else [old_root, *proof]
    if not path:
        return False
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = _node(sibling, older), _node(sibling, newer)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            newer = _node(newer, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (older, newer) == (old_root, new_root)


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Cosigner:
    """The witness's own key and the name it signs under."""

    name: str
    key: Ed25519PrivateKey

    @property
    def _public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def vkey(self) -> str:
        hexed = key_id(self.name, COSIGNER, self._public).hex()
        return f"{self.name}+{hexed}+{_b64(COSIGNER + self._public)}"

    def cosign(self, text: str, seconds: int) -> str:
        """The line: as of this time (since 1970) no larger tree was seen of this log.

        (cosignature/v1.)
        """
        signed = self.key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        told = key_id(self.name, COSIGNER, self._public) + seconds.to_bytes(8, "big")
        return f"— {self.name} {_b64(told + signed)}\n"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
