"""The writer's MAC: what the application said of a record, before the database had it.

The tree shows what happened to a record after it was sealed. Between its insert and the
seal, a second or so, only a key that the database does not hold can show an edit.
"""

import hmac
import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.canonical import written
from audit.seal.notes import seed_of

if TYPE_CHECKING:
    from hashlib import _Hash

# Two records with equal words have different MACs, so a copied record shows.
_NONCE = 8
# Half of SHA-256's output, as RFC 2104 (section 5) allows at the least.
_TAG = 16
# What the writer knows; the rest is the database's to give.
WORDS = (
    "action",
    "actor",
    "facts",
    "request",
    "subject",
    "subject_type",
    "version",
    "via",
)
# Signed where they are said. What is absent cannot be added, nor taken away.
LATER_WORDS = ("on_behalf_of", "caused_by")


_key = lru_cache(maxsize=16)(seed_of)


def keys() -> list[bytes]:
    """Every key whose MAC counts, today's first.

    :raises ImproperlyConfigured: none is set. :raises BadNote: one is no key.
    """
    if not settings.AUDIT_WRITER_KEY:
        raise ImproperlyConfigured("AUDIT_WRITER_KEY is not set.")
    return [
        _key(text)
        for text in (settings.AUDIT_WRITER_KEY, *settings.AUDIT_OLD_WRITER_KEYS)
    ]


@lru_cache(maxsize=16)
def _begun(key: bytes) -> tuple["_Hash", "_Hash"]:
    """The inner and the outer hash once they have read the key (RFC 2104, section 4).

    A copy of them takes less than half of what `hmac` takes to begin anew.
    """
    block = key.ljust(sha256().block_size, b"\x00")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return sha256(inner), sha256(outer)


def _tag(key: bytes, nonce: bytes, words: bytes) -> bytes:
    inner, outer = (begun.copy() for begun in _begun(key))
    inner.update(nonce + words)
    outer.update(inner.digest())
    return outer.digest()[:_TAG]


def macs_of(said: Sequence[dict[str, object]]) -> list[bytes]:
    """Sign what a writer says: 8 random bytes and 16 of HMAC-SHA256 for each.

    Each is `WORDS`, of `LATER_WORDS` those that are said, and nothing else.
    :raises ImproperlyConfigured: no key is set. :raises BadNote: it is no key.
    """
    key, dice = keys()[0], os.urandom(_NONCE * len(said))
    nonces = [dice[at : at + _NONCE] for at in range(0, len(dice), _NONCE)]
    pairs = zip(nonces, said, strict=True)
    return [nonce + _tag(key, nonce, written(each)) for nonce, each in pairs]


def is_written(said: dict[str, object], mac: bytes, known: list[bytes]) -> bool:
    """Whether one of the keys made this MAC of the words among these."""
    nonce, tag = mac[:_NONCE], mac[_NONCE:]
    words = {name: said[name] for name in WORDS}
    words |= {name: said[name] for name in LATER_WORDS if name in said}
    told = written(words)
    return any(hmac.compare_digest(_tag(key, nonce, told), tag) for key in known)
