"""What a machine's signature must cover, and when it is good (RFC 9421, RFC 9530)."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from accounts.errors import UnreadablePublicKey, WrongSignature

# How far `created` may lie from our time, in either direction.
WINDOW = timedelta(seconds=300)
_NONCE = re.compile(r"[!-~]{16,128}")
# Either of these says where the request went.
_TARGETS = ({'"@target-uri"'}, {'"@authority"', '"@path"', '"@query"'})


@dataclass(frozen=True)
class Message:
    """A request as its sender signed it; `url` is the public one, whole."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class _Verifier(HTTPMessageVerifier):
    """The library's, which judges time by a clock of its own and more loosely."""

    def __init__(self, *, key_id: str, public_key: str, now: datetime) -> None:
        keys = {key_id: public_key.encode()}
        super().__init__(
            signature_algorithm=ED25519,
            key_resolver=MappingKeyResolver(public_keys=keys, private_keys={}),
        )
        self.now = now.timestamp()

    def validate_created_and_expires(
        self,
        sig_input: Any,  # noqa: ANN401 (the library's)
        max_age: timedelta | None = None,
    ) -> None:
        created = sig_input.params.get("created")
        if created is None or abs(self.now - created) > WINDOW.total_seconds():
            raise WrongSignature(why="created")
        expires = sig_input.params.get("expires")
        if expires is not None and expires < self.now:
            raise WrongSignature(why="expires")


def is_claimed(headers: Mapping[str, str]) -> bool:
    """Whether a request says that it is signed, even by half."""
    return "Signature" in headers or "Signature-Input" in headers


def check(message: Message, *, key_id: str, public_key: str, now: datetime) -> str:
    """Return the nonce of a good signature; it is the caller's to use it up.

    `public_key` is an Ed25519 key as PEM; empty when none was deposited.

    :raises WrongSignature: anything is wrong, or not enough is covered.
    """
    if not public_key:
        raise WrongSignature(why="no_public_key")
    verifier = _Verifier(key_id=key_id, public_key=public_key, now=now)
    try:
        (found,) = verifier.verify(message)
    except HTTPMessageSignaturesException as error:
        raise WrongSignature(why="signature") from error
    if found.parameters.get("alg") != ED25519.algorithm_id:
        raise WrongSignature(why="algorithm")
    _refuse_uncovered(set(found.covered_components), message)
    try:
        verifier.verify_body(message, [found], message.body)
    except HTTPMessageSignaturesException as error:
        raise WrongSignature(why="digest") from error
    if not _NONCE.fullmatch(found.nonce or ""):
        raise WrongSignature(why="nonce")
    return str(found.nonce)


def _refuse_uncovered(covered: set[str], message: Message) -> None:
    """:raises WrongSignature: something that decides what happens is not signed."""
    needed = {'"@method"'}
    if "Idempotency-Key" in message.headers:
        needed.add('"idempotency-key"')
    if not needed <= covered or not any(target <= covered for target in _TARGETS):
        raise WrongSignature(why="components")


def read_public_key(written: str) -> str:
    """Read an Ed25519 public key, PEM or base64 of its 32 bytes; gives PEM.

    :raises UnreadablePublicKey: it is anything else, a private key above all.
    """
    text = written.strip()
    try:
        if text.startswith("-----BEGIN PUBLIC KEY-----"):
            key = load_pem_public_key(text.encode())
        else:
            raw = base64.b64decode(text, validate=True)
            key = Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnreadablePublicKey from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnreadablePublicKey
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()
