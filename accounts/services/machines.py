"""Other people's servers: registered, given keys, limited, closed. Superusers only."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from uuid import uuid4

from django.db.models.functions import Least, Now
from django.db.transaction import atomic

from accounts import roles
from accounts.errors import (
    ClientClosed,
    ClientNameTaken,
    KeyEnded,
    SuperuserOnly,
    UnreadableNetwork,
)
from accounts.models import ClientKey, Role, ServiceClient, User
from accounts.signing import read_public_key
from areamedica.database import violation_means
from audit.actions import Action
from audit.services import record

REQUESTS_PER_MINUTE = 60
KEY_LIVES = timedelta(days=365)
OLD_KEY_LIVES_ON = timedelta(hours=24)


@dataclass(frozen=True)
class Issued:
    """A new key and its text, `am_<prefix>_<secret>`, which nobody can show again."""

    key: ClientKey
    text: str = field(repr=False)


def digest_of(secret: str) -> str:
    """What is stored of a secret: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_networks(written: Iterable[str]) -> list[str]:
    """Addresses and networks, IPv4 or IPv6, in their one form.

    :raises UnreadableNetwork: one is neither; a network with host bits is a typo.
    """
    networks = []
    for each in written:
        try:
            networks.append(str(ip_network(each.strip())))
        except ValueError as error:
            raise UnreadableNetwork(written=each) from error
    return networks


def _refuse_unless_superuser(actor: User) -> None:
    """:raises SuperuserOnly:"""
    if not actor.is_superuser:
        raise SuperuserOnly


@atomic
def register(
    *,
    actor: User,
    name: str,
    allowed_addresses: Iterable[str] = (),
    requests_per_minute: int = REQUESTS_PER_MINUTE,
) -> ServiceClient:
    """Make a client and the user it acts as. It may nothing and has no key yet.

    :raises SuperuserOnly: :raises UnreadableNetwork: :raises ClientNameTaken:
    """
    _refuse_unless_superuser(actor)
    networks = read_networks(allowed_addresses)
    pk = uuid4()
    user = User.objects.create_user(
        id=pk,
        # RFC 2606 keeps .invalid free of mailboxes.
        email=f"{pk}@machines.invalid",
        password=None,
        full_name=name,
        role=Role.objects.get(name=roles.USER),
        is_machine=True,
    )
    with violation_means("client_name_once", ClientNameTaken):
        client = ServiceClient.objects.create(
            user=user,
            name=name,
            allowed_addresses=networks,
            requests_per_minute=requests_per_minute,
            created_by=actor,
        )
    _note(Action.CLIENT_REGISTERED, actor, client, **_limits(client))
    return client


def _note(action: Action, actor: User, client: ServiceClient, **facts: object) -> None:
    record(action, actor_id=actor.pk, subject=("client", client.pk), facts=facts)


def _limits(client: ServiceClient) -> dict[str, object]:
    return {
        "allowed_addresses": client.allowed_addresses,
        "requests_per_minute": client.requests_per_minute,
    }


@atomic
def set_limits(
    *,
    actor: User,
    client: ServiceClient,
    allowed_addresses: Iterable[str],
    requests_per_minute: int,
) -> None:
    """Say from where and how often the client may come.

    :raises SuperuserOnly: :raises UnreadableNetwork:
    """
    _refuse_unless_superuser(actor)
    client.allowed_addresses = read_networks(allowed_addresses)
    client.requests_per_minute = requests_per_minute
    client.save(update_fields=["allowed_addresses", "requests_per_minute"])
    _note(Action.CLIENT_CHANGED, actor, client, **_limits(client))


@atomic
def issue_key(
    *,
    actor: User,
    client: ServiceClient,
    public_key: str = "",
    lives: timedelta = KEY_LIVES,
) -> Issued:
    """Give the client one more key; with a public key its requests can be signed.

    :raises SuperuserOnly: :raises ClientClosed: :raises UnreadablePublicKey:
    """
    _refuse_unless_superuser(actor)
    pem = read_public_key(public_key) if public_key else ""
    issued = _make_key(client, public_key=pem, lives=lives)
    _note(Action.KEY_ISSUED, actor, client, **_about(issued.key))
    return issued


def _make_key(client: ServiceClient, *, public_key: str, lives: timedelta) -> Issued:
    """:raises ClientClosed: a key would come to life when it is opened again."""
    user = User.objects.select_for_update(of=("self",)).get(pk=client.pk)
    if not user.is_active:
        raise ClientClosed
    secret = secrets.token_urlsafe(32)
    key = ClientKey.objects.create(
        client=client,
        prefix=secrets.token_hex(5),
        digest=digest_of(secret),
        public_key=public_key,
        created_at=Now(),
        expires_at=Now() + lives,
    )
    key.refresh_from_db()
    return Issued(key, f"am_{key.prefix}_{secret}")


def _about(key: ClientKey) -> dict[str, object]:
    return {
        "key": key.prefix,
        "can_sign": bool(key.public_key),
        "expires_at": key.expires_at,
    }


@atomic
def rotate(
    *,
    actor: User,
    key: ClientKey,
    public_key: str = "",
    lives: timedelta = KEY_LIVES,
    overlap: timedelta = OLD_KEY_LIVES_ON,
) -> Issued:
    """Give a new key; the old one lives on for `overlap`, never longer than it would.

    Without another `public_key` the new key carries the old one's.

    :raises SuperuserOnly: :raises KeyEnded: :raises ClientClosed:
    :raises UnreadablePublicKey:
    """
    _refuse_unless_superuser(actor)
    pem = read_public_key(public_key) if public_key else key.public_key
    # The client's row is locked before the key's, as by whoever closes the client.
    issued = _make_key(key.client, public_key=pem, lives=lives)
    _refuse_unless_living(key)
    ends = Least("expires_at", Now() + overlap)
    ClientKey.objects.filter(pk=key.pk).update(expires_at=ends)
    facts = {**_about(issued.key), "replaces": key.prefix}
    _note(Action.KEY_ROTATED, actor, key.client, **facts)
    return issued


def _refuse_unless_living(key: ClientKey) -> None:
    """Lock the key. :raises KeyEnded: it was revoked or has run out."""
    living = ClientKey.objects.living().select_for_update()
    if living.filter(pk=key.pk).first() is None:
        raise KeyEnded


@atomic
def revoke_key(*, actor: User, key: ClientKey, reason: str) -> None:
    """End a key at once.

    :raises SuperuserOnly: :raises KeyEnded:
    """
    _refuse_unless_superuser(actor)
    _refuse_unless_living(key)
    ClientKey.objects.filter(pk=key.pk).update(revoked_at=Now())
    _note(Action.KEY_REVOKED, actor, key.client, key=key.prefix, reason=reason)


@atomic
def close(*, actor: User, client: ServiceClient, reason: str) -> None:
    """Shut the client out at once; its keys end and never come back.

    :raises SuperuserOnly:
    """
    _refuse_unless_superuser(actor)
    # The row that whoever issues a key locks first, too.
    user = User.objects.select_for_update(of=("self",)).get(pk=client.pk)
    user.is_active = False
    user.save(update_fields=["is_active", "updated_at"])
    ended = client.keys.living().update(revoked_at=Now())
    _note(Action.CLIENT_CLOSED, actor, client, reason=reason, keys_ended=ended)


@atomic
def reopen(*, actor: User, client: ServiceClient, reason: str) -> None:
    """Let the client in again, with keys yet to be issued.

    :raises SuperuserOnly:
    """
    _refuse_unless_superuser(actor)
    user = User.objects.select_for_update(of=("self",)).get(pk=client.pk)
    user.is_active = True
    user.save(update_fields=["is_active", "updated_at"])
    _note(Action.CLIENT_CHANGED, actor, client, is_active=True, reason=reason)
