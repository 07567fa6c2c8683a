"""Signed tokens: one algorithm, one issuer, one audience, and a ring of keys.

RFC 8725: the key is chosen from a fixed map of our own, by a header that is spelled as
we spell it, and a token of one kind is never taken for another.
"""

import hashlib
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

import jwt
from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

# How long a password is good for without the second step.
STEP_LIFETIME = timedelta(minutes=5)
# Eight times what we write; more is not even looked at.
_LONGEST = 4096
# What PyJWT and JSON raise over input nobody means well with.
_NOT_OURS = (jwt.InvalidTokenError, LookupError, ValueError, RecursionError)


@cache
def key_id(secret: str) -> str:
    """The name of a key: short, and nothing of the key can be read from it."""
    return hashlib.sha256(f"kid:{secret}".encode()).hexdigest()[:12]


@cache
def _header(secret: str, algorithm: str) -> str:
    """How every token that we sign with this key begins, up to its first dot."""
    headers = {"kid": key_id(secret)}
    return jwt.encode({}, secret, algorithm, headers).partition(".")[0]


def _ring(algorithm: str) -> dict[str, str]:
    """Every key a token may be checked with, by the header that names it."""
    return {
        _header(secret, algorithm): secret
        for secret in (settings.JWT_SECRET, *settings.JWT_OLD_SECRETS)
    }


class KeyRing(TokenBackend):
    """Signs with the current key; checks with the one key the token names."""

    def encode(self, payload: dict[str, Any]) -> str:
        whole = {**payload, "aud": self.audience, "iss": self.issuer}
        return _signed(whole, settings.JWT_SECRET, self.algorithm)

    def decode(  # type: ignore[override]  # the library says Token and gives text
        self,
        token: str | bytes,
        verify: bool = True,  # noqa: FBT001, FBT002 (the library's signature)
    ) -> dict[str, Any]:
        """:raises TokenBackendError: not a token of ours, or one out of its time."""
        if len(token) > _LONGEST:
            raise TokenBackendError("Token is too long")
        try:
            text = _text(token)
            key = _ring(self.algorithm)[text.partition(".")[0]]
            told = (self.algorithm, str(self.audience), str(self.issuer))
            claims = _claims(text, key, *told)
        except _NOT_OURS as error:
            raise TokenBackendError("Token is invalid") from error
        return dict(claims)


@lru_cache(maxsize=1024)
def _claims(
    token: str, key: str, algorithm: str, audience: str, issuer: str
) -> dict[str, Any]:
    """What a token says, once its signature is found good.

    That is so for as long as we have the key; the library's tokens look at the time
    themselves, whenever they are made of one.
    """
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=audience,
        issuer=issuer,
        options={"strict_aud": True, "require": ["aud", "iss", "exp", "iat"]},
    )
    # Byte for byte what we would write: no further header (jku, jwk, crit, b64), no
    # claim twice, no second spelling of one signature.
    if _signed(claims, key, algorithm) != token:
        raise jwt.InvalidTokenError("Token is not in our spelling")
    return claims


def _signed(claims: dict[str, Any], key: str, algorithm: str) -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id(key)})


def _text(token: str | bytes) -> str:
    return token.decode("ascii") if isinstance(token, bytes) else token


class _Ours(Token):
    def get_token_backend(self) -> KeyRing:
        return KeyRing(
            api_settings.ALGORITHM,
            audience=api_settings.AUDIENCE,
            issuer=api_settings.ISSUER,
        )

    def verify(self) -> None:
        """:raises TokenError: of another kind, or it claims a longer life than any."""
        began, ends = self.payload["iat"], self.payload["exp"]
        if not type(began) is type(ends) is int:
            raise TokenError("Times are whole seconds")
        super().verify()
        longest = self.lifetime
        if longest is None or ends - began > longest.total_seconds():
            raise TokenError("No token of ours lives so long")


class Access(_Ours, AccessToken):
    """Names the person (`sub`), the sign-in (`fam`) and its version (`ver`)."""


class Refresh(_Ours, RefreshToken):  # type: ignore[misc]  # its mixins disagree
    """Names the row of `RefreshToken` by its `jti`."""


class SecondStep(_Ours):
    """Says that the password was right; its type makes it good for nothing else."""

    token_type = "second_step"  # noqa: S105 (a kind of token)
    lifetime = STEP_LIFETIME
