"""Secrets that we must be able to read again, as they lie in the database."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def box(purpose: str, keys: Sequence[str]) -> MultiFernet:
    """Encrypts by the first key and reads by any; none opens another purpose's box.

    Its `decrypt` raises cryptography.fernet.InvalidToken for a key that is not ours.
    """
    return MultiFernet([_fernet(purpose, key) for key in keys])


def _fernet(purpose: str, key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=f"areamedica {purpose}".encode())
    return Fernet(urlsafe_b64encode(derived.derive(key.encode())))
