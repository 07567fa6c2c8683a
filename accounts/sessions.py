"""Sign-ins and refusals, told by signals, go into the journal."""

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User, same_mailbox
from accounts.services.access import note_failed_sign_in, note_refusal
from accounts.services.second_step import Proved
from areamedica.addresses import client_address
from areamedica.signals import access_refused
from audit.actions import Action
from audit.services import record


@receiver(user_logged_in)
def note_sign_in(user: User, request: HttpRequest | None, **_: Any) -> None:
    by: Proved = getattr(request, "proved_by", Proved.PASSWORD)
    record(
        Action.SIGNED_IN,
        actor_id=user.pk,
        subject=("user", user.pk),
        facts={"how": by.value},
    )


@receiver(user_logged_out)
def note_sign_out(user: User | None, **_: Any) -> None:
    if user is not None:
        record(Action.SIGNED_OUT, actor_id=user.pk, subject=("user", user.pk))


@receiver(user_login_failed)
def note_failure(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    note_failed_sign_in(
        email=same_mailbox(str(credentials.get("username", ""))),
        address=client_address(request) if request else "",
    )


@receiver(access_refused)
def note_refused_access(
    actor_id: UUID | None, route: str, facts: dict[str, object], **_: Any
) -> None:
    note_refusal(actor_id=actor_id, route=route, facts=facts)
