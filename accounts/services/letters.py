"""Letters to people: written down with what they are about, sent by a worker.

A letter may go out twice and is never lost: its row is the queue (decision 0001), a
message of Celery only says "look now".
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts import links, outbox
from accounts.links import Purpose
from accounts.models import Letter, User
from areamedica.database import outside_transaction

log = structlog.get_logger("accounts.letters")

# At most so many of a kind to one mailbox, however often somebody asks.
_SPAN = timedelta(hours=1)
_A_HANDFUL = 50
_KEPT = timedelta(days=30)

_LEADS_TO = {
    Letter.Kind.RESET: (Purpose.RESET, "admin:set_password"),
    Letter.Kind.VERIFY: (Purpose.VERIFY, "admin:verify_email"),
}


def post(kind: Letter.Kind, user: User | None) -> None:
    """Have a letter written to the user; in the caller's transaction.

    It will speak the language of the request that caused it.
    """
    language = translation.get_language() or settings.LANGUAGE_CODE
    Letter.objects.create(kind=kind, user=user, language=language)
    outbox.ring_soon()


def send_due() -> int:
    """Send what is due, one after the other; how many went out."""
    outside_transaction()
    sent = 0
    for _ in range(_A_HANDFUL):
        letter = _take()
        if letter is None:
            break
        sent += _send(letter)
    return sent


@atomic
def _take() -> Letter | None:
    """The next letter; the try is counted before it is made."""
    locked = Letter.objects.due().select_for_update(skip_locked=True)
    letter = locked.first()
    if letter is None:
        return None
    wait = timedelta(minutes=2 ** (letter.attempts + 1))
    letter.attempts += 1
    Letter.objects.filter(pk=letter.pk).update(
        attempts=letter.attempts, due_at=Now() + wait
    )
    return letter


def _send(letter: Letter) -> bool:
    """Write it out and give it to the mail server; it stays due if that fails."""
    user = _addressee(letter)
    if user is None:
        letter.delete()
        return False
    outside_transaction()
    try:
        _written_out(letter, user).send()
    except OSError as failure:  # smtplib's errors are among them
        # Its words may name the address.
        log.warning("letter_stays", letter=str(letter.pk), why=type(failure).__name__)
        return False
    Letter.objects.filter(pk=letter.pk).update(sent_at=Now())
    return True


@atomic
def _addressee(letter: Letter) -> User | None:
    """Who gets it; None when nobody should, or when too many went there lately.

    The user's row is locked, so that two workers do not each send the last one allowed.
    """
    locked = User.objects.select_for_update(of=("self",), no_key=True)
    user: User | None = locked.filter(pk=letter.user_id, is_active=True).first()
    if user is None or (letter.kind == Letter.Kind.VERIFY and user.is_verified):
        return None
    lately = Letter.objects.filter(
        user=user,
        kind=letter.kind,
        created_at__gt=letter.created_at - _SPAN,
        attempts__gt=0,
    ).exclude(pk=letter.pk)
    if lately.count() >= settings.LETTERS_PER_HOUR:
        log.info("letter_dropped", kind=letter.kind, user=str(user.pk))
        return None
    return user


def _written_out(letter: Letter, user: User) -> EmailMessage:
    with translation.override(letter.language):
        subject = f"{settings.APP_NAME}: {letter.get_kind_display()}"
        body = render_to_string(
            f"accounts/letters/{letter.kind}.txt", _context(letter, user)
        )
    return EmailMessage(subject=subject, body=body, to=[user.email])


def _context(letter: Letter, user: User) -> dict[str, object]:
    context: dict[str, object] = {"app": settings.APP_NAME}
    leads = _LEADS_TO.get(Letter.Kind(letter.kind))
    if leads is not None:
        purpose, page = leads
        # Behind "#", so that no server's log, no proxy and no Referer ever has it.
        address = f"{settings.PUBLIC_URL}{reverse(page)}"
        context["link"] = f"{address}#{links.write(user, purpose)}"
        context["hours"] = int(purpose.life.total_seconds() // 3600)
        context["minutes"] = int(purpose.life.total_seconds() // 60)
    return context


def forget_old() -> int:
    """Delete letters nobody needs to know about any more; the number deleted."""
    old = Letter.objects.filter(created_at__lt=Now() - _KEPT)
    return old.delete()[0]
