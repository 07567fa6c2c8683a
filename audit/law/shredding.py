"""Locks personal words so that they can be forgotten where no row can be changed.

A word is encrypted by AES-256-GCM (NIST SP 800-38D) under a data key of its subject,
and that key by PRIVACY_KEY. Destroying the wrapped key erases the word. GCM alone does
not commit to its key, so `kc` does.
"""

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models.functions import Now
from django.db.transaction import atomic

from audit.actions import Action
from audit.keeping import SubjectKey
from audit.services import record

_NONCE = 12
_AT_ONCE = 1_000


class KeyLost(Exception):
    """No PRIVACY_KEY opens this key: a setting is wrong, nothing was erased."""


def new_key() -> SubjectKey:
    """A data key for a new subject, wrapped; not saved."""
    key = SubjectKey()
    key.wrapped = _wrapped(AESGCM.generate_key(256), key.pk)
    return key


def lock(words: str, *, key: SubjectKey, place: str) -> dict[str, str]:
    """The words as `{s, kc, n, c}`: subject, commitment to the key, nonce, cipher.

    `place` says where they stand, so that they cannot be moved. All but `s` is base64.

    :raises KeyLost: see there.
    """
    raw, nonce = _raw(key), os.urandom(_NONCE)
    cipher = AESGCM(raw).encrypt(nonce, words.encode(), place.encode())
    return {
        "s": str(key.pk),
        "kc": _text(_commitment(raw)),
        "n": _text(nonce),
        "c": _text(cipher),
    }


def unlock(locked: dict[str, str], *, key: SubjectKey, place: str) -> str | None:
    """The words, or None once their key was destroyed.

    :raises KeyLost: the key, the place or the words are not those of `lock`.
    """
    if key.wrapped is None:
        return None
    raw = _raw(key)
    if not hmac.compare_digest(_commitment(raw), b64decode(locked["kc"])):
        raise KeyLost
    try:
        opened = AESGCM(raw).decrypt(
            b64decode(locked["n"]), b64decode(locked["c"]), place.encode()
        )
    except InvalidTag as error:
        raise KeyLost from error
    return opened.decode()


def destroy(keys: Iterable[UUID]) -> int:
    """Destroy these keys for good; how many were still there."""
    living = SubjectKey.objects.filter(pk__in=keys, destroyed_at=None)
    return living.update(wrapped=None, destroyed_at=Now())


def wrap_anew() -> int:
    """Put every living key under today's PRIVACY_KEY; how many there are.

    Harmless to repeat. Afterwards the old key can leave the settings.

    :raises KeyLost: see there.
    """
    done = 0
    after = UUID(int=0)
    while True:
        with atomic():
            living = SubjectKey.objects.filter(destroyed_at=None, pk__gt=after)
            page = list(living.order_by("pk").select_for_update()[:_AT_ONCE])
            for key in page:
                key.wrapped = _wrapped(_raw(key), key.pk)
            SubjectKey.objects.bulk_update(page, ["wrapped"])
            if page:
                record(Action.KEYS_WRAPPED, actor_id=None, facts={"keys": len(page)})
        if not page:
            return done
        done, after = done + len(page), page[-1].pk


def _wrapped(raw: bytes, subject: UUID) -> bytes:
    nonce = os.urandom(_NONCE)
    first = settings.PRIVACY_KEYS[0]
    return nonce + AESGCM(_over(first)).encrypt(nonce, raw, subject.bytes)


def _raw(key: SubjectKey) -> bytes:
    assert key.wrapped is not None
    wrapped = bytes(key.wrapped)
    for secret in settings.PRIVACY_KEYS:
        try:
            return AESGCM(_over(secret)).decrypt(
                wrapped[:_NONCE], wrapped[_NONCE:], key.pk.bytes
            )
        except InvalidTag:
            continue
    raise KeyLost


@lru_cache
def _over(secret: str) -> bytes:
    """The key that wraps, out of a setting's text."""
    return HKDF(SHA256(), 32, salt=None, info=b"areamedica subject keys").derive(
        secret.encode()
    )


def _commitment(raw: bytes) -> bytes:
    return hmac.new(raw, b"areamedica key commitment", hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
