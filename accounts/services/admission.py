"""Which machine knocks, and whether it comes in: one answer per request."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db.models.functions import Now

from accounts import signing
from accounts.errors import AddressNotAllowed, InvalidApiKey, WrongSignature
from accounts.models import ClientKey, UsedNonce, User
from accounts.services.machines import digest_of
from areamedica.database import violation_means
from audit.canonical import pseudonym

_FORM = re.compile(r"am_([0-9a-f]{10})_([A-Za-z0-9_-]{43})")
_NOTED_EVERY = timedelta(minutes=1)
# Twice the window would do; a nonce more costs nothing.
_NONCE_KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Admitted:
    """A living key, the user it acts as (with rights), and the database's time."""

    key: ClientKey
    user: User
    now: datetime


def admit(*, text: str, address: str) -> Admitted:
    """Find whose key this is, and whether it opens from this address.

    :raises InvalidApiKey: whatever is wrong with it; only the journal is told what.
    :raises AddressNotAllowed: the key is good, its place is not.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise _invalid("form")
    prefix, secret = form.groups()
    keys = ClientKey.objects.select_related("client").annotate(now=Now())
    key = keys.filter(prefix=prefix).first()
    digest = digest_of(secret)
    if not hmac.compare_digest(key.digest if key else "", digest) or key is None:
        raise _invalid("unknown" if key is None else "secret", key=prefix)
    now: datetime = key.now  # type: ignore[attr-defined]  # annotated above
    user = User.objects.with_rights().get(pk=key.client_id)
    if trouble := _what_ended(key, user, now):
        raise _invalid(trouble, key=prefix, client=user.pk)
    if not _is_allowed(address, key.client.allowed_addresses):
        refusal = AddressNotAllowed()
        refusal.noted = {
            "key": prefix,
            "client": user.pk,
            "address_pseudonym": pseudonym(address),
        }
        raise refusal
    return Admitted(key, user, now)


def _invalid(why: str, **facts: object) -> InvalidApiKey:
    refusal = InvalidApiKey()
    refusal.noted = {"why": why, **facts}
    return refusal


def _what_ended(key: ClientKey, user: User, now: datetime) -> str:
    """Why a key that was good is not any more; empty: it still is."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at <= now:
        return "expired"
    return "" if user.is_active else "closed"


def _is_allowed(address: str, networks: list[str]) -> bool:
    """Whether an address lies in one of the networks; no network means anywhere."""
    if not networks:
        return True
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in ip_network(network) for network in networks)


def use_signature(admitted: Admitted, message: signing.Message) -> None:
    """Check the request's signature and use up its nonce.

    :raises WrongSignature: it is not good, covers too little, or was used before.
    """
    key = admitted.key
    try:
        nonce = signing.check(
            message, key_id=key.prefix, public_key=key.public_key, now=admitted.now
        )
        _use_nonce(key, nonce)
    except WrongSignature as refusal:
        refusal.noted = {"key": key.prefix, "client": admitted.user.pk}
        raise
    admitted.user.has_signed = True


def _use_nonce(key: ClientKey, nonce: str) -> None:
    """Of parallel uses exactly one gets through.

    :raises WrongSignature: it was used.
    """
    with violation_means("nonce_once", lambda: WrongSignature(why="nonce_used")):
        UsedNonce.objects.create(key=key, nonce=nonce)


def note_use(admitted: Admitted) -> None:
    """Keep when the key was last used, to the minute: not a write per request."""
    key, now = admitted.key, admitted.now
    if key.last_used_at is None or key.last_used_at < now - _NOTED_EVERY:
        ClientKey.objects.filter(pk=key.pk).update(last_used_at=now)


def forget_nonces() -> int:
    """Delete nonces whose signatures are too old to count; the number deleted."""
    return UsedNonce.objects.filter(used_at__lt=Now() - _NONCE_KEPT).delete()[0]
