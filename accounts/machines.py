"""A machine at the API's door: its key, its signature, and the journal's note of it."""

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from accounts.errors import (
    AddressNotAllowed,
    InvalidApiKey,
    SignatureRequired,
    WrongSignature,
)
from accounts.models import User
from accounts.services.access import note_machine_admitted
from accounts.services.admission import admit, note_use, use_signature
from accounts.signing import Message, is_claimed
from accounts.visitors import actor_of
from areamedica.addresses import client_address
from areamedica.api.machines import ShownKey
from areamedica.metrics import route_of
from areamedica.signals import access_granted


class ApiKey(BaseAuthentication):
    """`X-API-Key: am_<prefix>_<secret>`; a signature that was sent must be good."""

    refusals = (InvalidApiKey, WrongSignature, AddressNotAllowed, SignatureRequired)

    def authenticate(self, request: Request) -> tuple[User, ShownKey] | None:
        """:raises InvalidApiKey: :raises AddressNotAllowed: :raises WrongSignature:"""
        text = request.headers.get("X-API-Key")
        if text is None:
            return None
        admitted = admit(text=text, address=client_address(request._request))
        if is_claimed(request.headers):
            use_signature(admitted, _as_sent(request._request))
        note_use(admitted)
        bind_contextvars(
            via="signed" if admitted.user.has_signed else "key",
            person=str(admitted.user.pk),
        )
        return admitted.user, ShownKey(
            prefix=admitted.key.prefix,
            is_signed=admitted.user.has_signed,
            requests_per_minute=admitted.key.client.requests_per_minute,
        )


def _as_sent(request: HttpRequest) -> Message:
    return Message(
        method=str(request.method),
        url=request.build_absolute_uri(),
        headers=request.headers,
        body=request.body,
    )


@receiver(access_granted)
def note_admitted(request: Request, **_: Any) -> None:
    if isinstance(request.auth, ShownKey):
        note_machine_admitted(
            actor_id=actor_of(request).pk,
            method=str(request.method),
            route=route_of(request._request),
            facts=request.auth.facts,
        )
