"""A forgotten password and an unproved e-mail: by a link, once, for a while."""

import re
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SYSTEM_ID, Letter, User
from accounts.services.people import change_password, deactivate
from audit.models import Record
from tests.accounts.letterbox import link_of, post_comes, the_letter
from tests.accounts.test_sign_in import call, code, sign_in
from tests.together import together

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

NEW = "otra-clave-bien-larga-2"
INVALID = (400, "INVALID_LINK")


def asked(user: User) -> str:
    """The token of the link that a forgetful user gets."""
    call("/password-reset", {"email": user.email})
    return link_of(the_letter())[1]


def confirm(token: str, password: str = NEW, again: str | None = None) -> Any:
    body = {
        "token": token,
        "password": password,
        "password_confirmation": password if again is None else again,
    }
    return call("/password-reset/confirm", body)


def actions() -> list[str]:
    return [*Record.objects.order_by("id").values_list("action", flat=True)]


def test_a_forgotten_password_is_set_anew(ana: User) -> None:
    tokens = sign_in(ana).json()
    token = asked(ana)
    assert confirm(token).status_code == 204
    assert code(call("/me", token=tokens["access_token"])) == (401, "TOKEN_REVOKED")
    refused = call("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert code(refused) == (401, "TOKEN_REVOKED")
    assert sign_in(ana).status_code == 401
    assert sign_in(ana, NEW).status_code == 200
    assert actions()[1:3] == [
        "accounts.password_reset_asked",
        "accounts.password_reset",
    ]
    # And the owner of the mailbox is told that it happened.
    assert the_letter().subject.endswith("Su contraseña fue cambiada")


def test_who_locked_himself_out_by_guessing_gets_in_again(ana: User) -> None:
    for _ in range(django_settings.AXES_FAILURE_LIMIT):
        sign_in(ana, "wrong")
    assert sign_in(ana).status_code == 429
    assert confirm(asked(ana)).status_code == 204
    assert sign_in(ana, NEW).status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        "nobody@clinica.test",
        "ana@clinica.test",
        "ANA@Clinica.test ",
        "gone@clinica.test",
        "sistema@areamedica.invalid",
    ],
)
def test_the_answer_does_not_tell_whose_mailbox_it_is(
    ana: User, person: Any, email: str
) -> None:
    person("gone", "cashier", is_active=False)
    answer = call("/password-reset", {"email": email})
    assert answer.status_code == 202
    assert answer.json() == {
        "message": "Si hay una cuenta con este correo, el mensaje va en camino."
    }
    assert Letter.objects.count() == 1
    assert actions() == ["accounts.password_reset_asked"]
    assert email.strip().lower() not in Record.objects.get().facts
    came = [letter.to for letter in post_comes()]
    assert came == ([["ana@clinica.test"]] if "ana" in email.lower() else [])


def test_nor_does_the_work_behind_it(ana: User, person: Any) -> None:
    """The same statements, one for one, so there is nothing for a clock to see."""
    person("gone", "cashier", is_active=False)
    system = User.objects.get(pk=SYSTEM_ID).email
    asked_for = [ana.email] * 5  # also beyond what one mailbox may get
    asked_for += ["nobody@clinica.test", "gone@clinica.test", system]
    statements = set()
    for email in asked_for:
        with CaptureQueriesContext(connection) as captured:
            assert call("/password-reset", {"email": email}).status_code == 202
        said = [
            re.split(r" VALUES | WHERE |SAVEPOINT |recordset\(", q["sql"])[0]
            for q in captured
        ]
        statements.add(tuple(said))
    assert len(statements) == 1


def test_a_link_works_once(ana: User) -> None:
    token = asked(ana)
    assert confirm(token).status_code == 204
    assert code(confirm(token, "una-tercera-clave-larga")) == INVALID
    assert sign_in(ana, NEW).status_code == 200


def test_all_links_end_with_any_new_password(ana: User, settings: Any) -> None:
    settings.LETTERS_PER_HOUR = 4
    first, second = asked(ana), asked(ana)
    change_password(actor=ana, user=ana, password="clave-cambiada-por-ella")
    post_comes()
    for token in (first, second):
        assert code(confirm(token)) == INVALID
    third, fourth = asked(ana), asked(ana)
    assert confirm(fourth).status_code == 204
    assert code(confirm(third)) == INVALID


def test_a_link_ends_with_every_sign_in_and_with_the_account(
    ana: User, root: User
) -> None:
    token = asked(ana)
    User.objects.filter(pk=ana.pk).update(token_version=ana.token_version + 1)
    assert code(confirm(token)) == INVALID
    ana.refresh_from_db()
    token = asked(ana)
    deactivate(actor=root, user=ana)
    assert code(confirm(token)) == INVALID


def test_a_link_works_for_an_hour(ana: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        token = asked(ana)
        clock.shift(3601)
        assert code(confirm(token)) == INVALID
        clock.shift(-2)
        assert confirm(token).status_code == 204


@pytest.mark.parametrize(
    "token",
    [
        "x",
        ":",
        "a:b:c",
        "ñandú:é:ü",
        "x" * 1024,
        "../../etc/passwd",
        "' OR 1=1 --",
        signing.dumps(["00000000-0000-4000-8000-000000000001", "x"]),
        signing.dumps(
            ["00000000-0000-4000-8000-00000000abcd", "x"], salt="accounts.links.reset"
        ),
    ],
)
def test_no_made_up_link_works(ana: User, token: str) -> None:
    assert code(confirm(token)) == INVALID
    assert code(call("/verify-email", {"token": token})) == INVALID
    assert actions() == []


def test_a_link_is_good_for_what_it_was_sent_for_only(ana: User) -> None:
    token = asked(ana)
    assert code(call("/verify-email", {"token": token})) == INVALID
    access = sign_in(ana).json()["access_token"]
    call("/verify-email/resend", {}, token=access)
    _, other = link_of(the_letter())
    assert code(confirm(other)) == INVALID
    assert sign_in(ana).status_code == 200


def test_a_password_against_the_rules_uses_no_link_up(ana: User) -> None:
    token = asked(ana)
    for weak in ("corta", "123456789012345", "ana@clinica.test", "x" * 129):
        refused = confirm(token, weak)
        assert code(refused) == (400, "VALIDATION_ERROR")
        assert "password" in refused.json()["error"]["details"]["fields"]
    assert code(confirm(token, NEW, again="otra")) == (400, "VALIDATION_ERROR")
    assert sign_in(ana).status_code == 200
    assert confirm(token).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_of_parallel_uses_one_counts(ana: User) -> None:
    token = asked(ana)
    passwords = [f"clave-numero-{number}-bien-larga" for number in range(4)]
    answers = together(*[partial(confirm, token, each) for each in passwords])
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [204, 400, 400, 400]
    chosen = passwords[statuses.index(204)]
    assert sign_in(ana, chosen).status_code == 200
    assert actions().count("accounts.password_reset") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost", "X-Forwarded-Host": "evil.example"},
        {"Host": "localhost", "Forwarded": "host=evil.example"},
        {"Host": "localhost", "X-Forwarded-Proto": "https"},
        {"Host": "localhost", "Origin": "https://evil.example"},
        {"Host": "localhost", "X-Original-URL": "https://evil.example/"},
        {"Host": "localhost@evil.example"},
        {"Host": "localhost:8000@evil.example"},
        {"Host": "localhost:80#.evil.example"},
    ],
)
@pytest.mark.parametrize("allowed", [["localhost"], ["*"]])
def test_no_header_decides_where_a_link_leads(
    ana: User, settings: Any, headers: dict[str, str], allowed: list[str]
) -> None:
    settings.ALLOWED_HOSTS = allowed
    settings.PUBLIC_URL = "https://clinica.example"
    call("/password-reset", {"email": ana.email}, **headers)
    for letter in post_comes():
        address, _ = link_of(letter)
        assert address == "https://clinica.example/admin/set-password/"
        assert "evil" not in letter.body


def test_asking_counts_as_an_attempt_to_sign_in(ana: User, settings: Any) -> None:
    settings.LOGIN_RATE_LIMIT_REQUESTS = 4
    bodies: dict[str, Any] = {
        "/password-reset": {"email": ana.email},
        "/password-reset/confirm": {},
        "/verify-email": {},
        "/login": {},
    }
    for path, body in bodies.items():
        assert call(path, body).status_code in {202, 400}
    for path, body in bodies.items():
        assert code(call(path, body)) == (429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    "body", [{}, [], {"email": None}, {"email": "x"}, {"email": "a\u0000@b.test"}]
)
def test_a_senseless_question_is_refused(db: None, body: Any) -> None:
    assert call("/password-reset", body).status_code == 400
    assert not Letter.objects.exists()


# --- The e-mail is his ---------------------------------------------------------------
def test_an_email_is_verified_by_its_letter(ana: User) -> None:
    access = sign_in(ana).json()["access_token"]
    assert call("/me", token=access).json()["is_verified"] is False
    assert call("/verify-email/resend", {}, token=access).status_code == 202
    _, token = link_of(the_letter())
    assert call("/verify-email", {"token": token}).status_code == 204
    assert call("/me", token=access).json()["is_verified"] is True
    assert actions()[-1] == "accounts.email_verified"
    # Once, and then there is nothing more to prove.
    assert code(call("/verify-email", {"token": token})) == INVALID
    assert call("/verify-email/resend", {}, token=access).status_code == 202
    assert post_comes() == []


def test_a_link_proves_only_the_mailbox_it_was_sent_to(ana: User) -> None:
    access = sign_in(ana).json()["access_token"]
    call("/verify-email/resend", {}, token=access)
    _, token = link_of(the_letter())
    User.objects.filter(pk=ana.pk).update(email="otra@clinica.test")
    assert code(call("/verify-email", {"token": token})) == INVALID


def test_only_who_is_signed_in_has_it_sent_again(db: None) -> None:
    assert call("/verify-email/resend", {}).status_code == 401


def test_sending_again_twice_with_one_key_is_sending_once(ana: User) -> None:
    access = sign_in(ana).json()["access_token"]
    for _ in range(2):
        key = {"Idempotency-Key": "once"}
        call("/verify-email/resend", {}, token=access, **key)
    assert Letter.objects.count() == 1


# --- The same at the back office -----------------------------------------------------
def test_the_way_back_in_starts_at_the_sign_in_page(client: Any, db: None) -> None:
    assert 'href="/admin/forgotten/"' in client.get("/admin/login/").content.decode()


def test_a_clerk_comes_back_in_by_the_pages(ana: User, client: Any) -> None:
    page = client.post("/admin/forgotten/", {"email": ana.email})
    assert "el mensaje va en camino" in page.content.decode()
    address, token = link_of(the_letter())
    path = address.removeprefix("http://127.0.0.1:8000")
    page = client.get(path)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert Record.objects.count() == 1  # looking at it uses nothing up
    told = {"token": token, "password": NEW, "confirmation": NEW}
    page = client.post(path, told)
    assert "Su contraseña fue cambiada" in page.content.decode()
    assert NEW not in page.content.decode()
    page = client.post(path, told)
    assert page.status_code == 400
    assert "Este enlace no es válido" in page.content.decode()
    assert "/admin/forgotten/" in page.content.decode()
    entered = client.post("/admin/login/", {"username": ana.email, "password": NEW})
    assert entered.status_code == 302


def test_the_page_tells_nobody_whose_mailbox_it_is(ana: User, client: Any) -> None:
    pages = {
        client.post("/admin/forgotten/", {"email": email}).content
        for email in (ana.email, "nobody@clinica.test")
    }
    assert len(pages) == 1


def test_what_is_wrong_with_a_password_stands_at_its_field(
    ana: User, client: Any
) -> None:
    token = asked(ana)
    told = {"token": token, "password": "corta", "confirmation": "corta"}
    page = client.post("/admin/set-password/", told).content.decode()
    assert "Use al menos 15 caracteres." in page
    assert f'value="{token}"' in page
    told = {"token": token, "password": NEW, "confirmation": "otra"}
    page = client.post("/admin/set-password/", told).content.decode()
    assert "Las dos no son iguales." in page
    assert sign_in(ana).status_code == 200


def test_an_email_is_verified_by_a_page(ana: User, client: Any) -> None:
    access = sign_in(ana).json()["access_token"]
    call("/verify-email/resend", {}, token=access)
    address, token = link_of(the_letter())
    path = address.removeprefix("http://127.0.0.1:8000")
    client.get(path)
    ana.refresh_from_db()
    assert not ana.is_verified
    assert "confirmado" in client.post(path, {"token": token}).content.decode()
    ana.refresh_from_db()
    assert ana.is_verified
    refused = client.post(path, {"token": ""})
    assert refused.status_code == 400
    assert "Este enlace no es válido" in refused.content.decode()


def test_the_pages_count_as_attempts_too(ana: User, client: Any, settings: Any) -> None:
    settings.LOGIN_RATE_LIMIT_REQUESTS = 2
    statuses = [
        client.post("/admin/forgotten/", {"email": ana.email}).status_code
        for _ in range(3)
    ]
    assert statuses == [200, 200, 429]
    assert client.get("/admin/forgotten/").status_code == 200


def test_a_new_password_ends_the_back_office_too(ana: User, back_office: Any) -> None:
    window = back_office(ana)
    assert window.get("/admin/").status_code == 200
    confirm(asked(ana))
    assert window.get("/admin/").status_code == 302


def test_a_form_without_its_token_is_not_taken(ana: User) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/admin/forgotten/", {"email": ana.email})
    assert answer.status_code == 403
    assert not Letter.objects.exists()
