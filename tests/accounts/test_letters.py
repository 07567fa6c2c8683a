"""Letters: sent at least once, not too often, to the right one, with nothing kept."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.core import mail
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.db.transaction import atomic, set_rollback

from accounts.models import Letter, RefreshToken, Role, User
from accounts.models.letters import MOST_ATTEMPTS
from accounts.services import letters
from accounts.services.letters import forget_old, post, send_due
from accounts.services.people import change_password, create_user, deactivate
from accounts.tasks import forget_expired
from tests.accounts.letterbox import link_of, post_comes, the_letter
from tests.accounts.test_sign_in import call, sign_in
from tests.journaled import staged
from tests.together import together
from tests.transactions.test_sweep import broker_gone

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]
__all__ = ["broker_gone"]  # the fixture

NEW = "otra-clave-bien-larga-2"


def test_whoever_gets_an_account_gets_a_letter(root: User) -> None:
    create_user(
        actor=root,
        email="Nueva@clinica.test",
        full_name="Nueva",
        role=Role.objects.get(name="cashier"),
        password=NEW,
    )
    letter = the_letter()
    assert letter.to == ["nueva@clinica.test"]
    assert letter.subject == "Área Médica: Confirme su correo"
    address, _ = link_of(letter)
    assert address == "http://127.0.0.1:8000/admin/verify-email/"
    assert "72 horas" in letter.body
    assert post_comes() == []


def test_a_name_made_up_by_a_stranger_is_in_no_letter(db: None, settings: Any) -> None:
    """Registration is open to anybody; our letters are not his to write."""
    settings.ALLOW_PUBLIC_REGISTRATION = True
    call(
        "/register",
        {
            "email": "victima@casa.test",
            "password": "loro-azul-9",
            "password_confirmation": "loro-azul-9",
            "full_name": "Gane ya en https://evil.example",
        },
    )
    assert "evil" not in the_letter().body


@pytest.mark.parametrize(
    ("language", "subject", "word"),
    [
        ("es-VE,es;q=0.9", "Poner una contraseña nueva", "Alguien pidió"),
        ("en-GB,en;q=0.9", "Set a new password", "Somebody asked"),
        ("fr", "Poner una contraseña nueva", "Alguien pidió"),
    ],
)
def test_a_letter_speaks_the_language_of_who_asked(
    ana: User, language: str, subject: str, word: str
) -> None:
    call("/password-reset", {"email": ana.email}, **{"Accept-Language": language})
    letter = the_letter()
    assert letter.subject == f"Área Médica: {subject}"
    assert letter.body.startswith(word)
    assert letter.from_email == "areamedica@localhost"


def test_a_changed_password_is_told(ana: User, root: User) -> None:
    change_password(actor=root, user=ana, password=NEW)
    letter = the_letter()
    assert letter.to == [ana.email]
    assert letter.subject == "Área Médica: Su contraseña fue cambiada"
    assert NEW not in letter.body


def test_a_stolen_sign_in_is_told_once(ana: User) -> None:
    body = {"refresh_token": sign_in(ana).json()["refresh_token"]}
    call("/refresh", body)
    RefreshToken.objects.update(used_at=F("used_at") - timedelta(seconds=11))
    for _ in range(3):
        assert call("/refresh", body).status_code == 401
    assert the_letter().subject == "Área Médica: Una de sus sesiones fue cerrada"


def test_neither_address_nor_link_is_kept(ana: User) -> None:
    call("/password-reset", {"email": ana.email})
    _, token = link_of(the_letter())
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(letter)::text FROM accounts_letter letter")
        rows = str(cursor.fetchall())
        cursor.execute("SELECT row_to_json(record)::text FROM audit_record record")
        rows += str(cursor.fetchall())
    assert ana.email not in rows
    assert token not in rows


# --- Sent at least once --------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_message_carries_no_more_than_a_ring(ana: User) -> None:
    with current_app.connection_for_read() as line:
        redis = line.default_channel.client
        redis.delete("celery")
        call("/password-reset", {"email": ana.email})
        (message,) = redis.lrange("celery", 0, -1)
        redis.delete("celery")
    assert b"accounts.send_letters" in message
    assert ana.email.encode() not in message
    assert str(ana.pk).encode() not in message


@pytest.mark.django_db(transaction=True)
def test_a_letter_survives_the_loss_of_redis(ana: User, broker_gone: None) -> None:
    with atomic():
        post(Letter.Kind.PASSWORD_CHANGED, ana)
    assert the_letter().to == [ana.email]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_written(ana: User) -> None:
    with atomic():
        post(Letter.Kind.PASSWORD_CHANGED, ana)
        set_rollback(True)
    assert post_comes() == []


@pytest.fixture
def no_mail_server(settings: Any) -> Iterator[None]:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody_listens.getsockname()
        yield


def test_without_a_mail_server_letters_wait_ever_longer(
    ana: User, no_mail_server: None, settings: Any
) -> None:
    post(Letter.Kind.PASSWORD_CHANGED, ana)
    for tries in range(1, MOST_ATTEMPTS + 1):
        assert send_due() == 0
        assert send_due() == 0  # not due again yet
        letter = Letter.objects.get()
        assert (letter.attempts, letter.sent_at) == (tries, None)
        wait = letter.due_at - letter.created_at
        assert wait >= timedelta(minutes=2**tries)
        if tries < MOST_ATTEMPTS:
            Letter.objects.update(due_at=Now())
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert post_comes() == []
    Letter.objects.update(attempts=MOST_ATTEMPTS - 1, due_at=Now())
    assert the_letter().to == [ana.email]


def test_one_bad_letter_does_not_stop_the_others(
    ana: User, beto: User, settings: Any
) -> None:
    post(Letter.Kind.PASSWORD_CHANGED, ana)
    post(Letter.Kind.PASSWORD_CHANGED, beto)
    with staged():
        User.objects.filter(pk=ana.pk).update(email="no-mailbox\nBcc: x@evil.test")
    with pytest.raises(ValueError, match="newlines"):
        send_due()
    assert the_letter().to == [beto.email]
    assert post_comes() == []


@pytest.mark.django_db(transaction=True)
def test_no_letter_goes_out_inside_a_transaction(ana: User) -> None:
    with atomic():
        post(Letter.Kind.PASSWORD_CHANGED, ana)
        with pytest.raises(RuntimeError):
            send_due()


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_letter_once(person: Any) -> None:
    for number in range(12):
        post(Letter.Kind.PASSWORD_CHANGED, person(f"p{number}", "user"))
    together(*[send_due] * 4)
    assert len(mail.outbox) == 12
    assert len({letter.to[0] for letter in mail.outbox}) == 12


# --- Not too many, not to the wrong ones ---------------------------------------------
def test_nobody_is_flooded(ana: User, beto: User) -> None:
    for _ in range(7):
        call("/password-reset", {"email": ana.email})
    call("/password-reset", {"email": beto.email})
    assert sorted(letter.to[0] for letter in post_comes()) == [
        *[ana.email] * 3,
        beto.email,
    ]
    # Another kind is another matter, and another hour another chance.
    change_password(actor=ana, user=ana, password=NEW)
    assert len(post_comes()) == 1
    Letter.objects.update(created_at=F("created_at") - timedelta(minutes=61))
    call("/password-reset", {"email": ana.email})
    assert len(post_comes()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_together_do_not_flood_either(ana: User) -> None:
    for _ in range(8):
        post(Letter.Kind.RESET, ana)
    together(*[send_due] * 4)
    assert len(mail.outbox) <= 3


def test_a_closed_account_gets_no_letters(ana: User, root: User) -> None:
    post(Letter.Kind.RESET, ana)
    deactivate(actor=root, user=ana)
    assert post_comes() == []
    assert not Letter.objects.exists()


def test_old_letters_are_forgotten(ana: User) -> None:
    post(Letter.Kind.PASSWORD_CHANGED, ana)
    forget_expired()
    assert forget_old() == 0
    Letter.objects.update(created_at=Now() - timedelta(days=31))
    forget_expired()
    assert not Letter.objects.exists()


def test_a_letter_names_itself(ana: User) -> None:
    pk = uuid4()
    assert str(Letter(pk=pk, kind="reset", user=ana)) == f"reset {pk}"


def test_every_kind_has_its_words() -> None:
    for kind in Letter.Kind:
        for language in ("es", "en"):
            user = User(pk=uuid4(), email="x@y.test", password="x")
            letter = Letter(kind=kind, user=user, language=language)
            written = letters._written_out(letter, user)
            assert len(written.body.strip().splitlines()) >= 3
            assert "{" not in written.body
