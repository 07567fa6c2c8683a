"""Signing in, carrying on, signing out; thieves and guessers."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import F
from rest_framework.test import APIClient

from accounts.models import RefreshFamily, RefreshToken, User
from accounts.services.people import change_password, deactivate
from audit.models import Record
from tests.conftest import PASSWORD
from tests.together import together

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

AUTH = "/api/v1/auth"


def call(path: str, body: Any = None, token: str = "", **headers: str) -> Any:
    client = APIClient(raise_request_exception=False)
    if token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    if body is None:
        return client.get(AUTH + path, headers=headers)
    return client.post(AUTH + path, body, format="json", headers=headers)


def sign_in(user: User, password: str = PASSWORD) -> Any:
    return call("/login", {"email": user.email, "password": password})


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_cashier_signs_in_and_reads_who_she_is(ana: User) -> None:
    answer = sign_in(ana)
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 15 * 60 - 30
    me = call("/me/", token=body["access_token"]).json()
    assert me == body["user"]
    assert me["email"] == "ana@clinica.test"
    assert me["role"] == "cashier"
    assert me["phone"] is None
    assert me["permissions"] == [
        "transaction:create",
        "transaction:read",
        "transaction:update",
    ]
    assert Record.objects.filter(action="accounts.signed_in").count() == 1


def test_a_plain_user_gets_half_an_hour(person: Any) -> None:
    assert sign_in(person("pepe", "user")).json()["expires_in"] == 30 * 60 - 30


@pytest.mark.parametrize("email", ["ANA@clinica.test", " ana@CLINICA.test "])
def test_a_mailbox_is_one_however_it_is_spelt(ana: User, email: str) -> None:
    answer = call("/login", {"email": email, "password": PASSWORD})
    assert answer.status_code == 200


def test_wrong_is_wrong_and_no_more_is_told(ana: User, person: Any) -> None:
    gone = person("gone", "cashier", is_active=False)
    answers = [
        sign_in(ana, "wrong"),
        call("/login", {"email": "nobody@clinica.test", "password": "wrong"}),
        sign_in(gone),
    ]
    messages = {answer.json()["error"]["message"] for answer in answers}
    assert {code(answer) for answer in answers} == {(401, "INVALID_CREDENTIALS")}
    assert len(messages) == 1
    failures = Record.objects.filter(action="accounts.sign_in_failed")
    assert failures.count() == 3
    assert "ana@" not in "".join(failures.values_list("facts", flat=True))


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"email": "ana@clinica.test"},
        {"email": None, "password": None},
        {"email": 5, "password": {}},
        {"email": "a@b.c", "password": "x" * 1025},
        {"email": "a\u0000@b.c", "password": "x"},
    ],
)
def test_a_senseless_sign_in_is_refused(body: Any, db: None) -> None:
    assert call("/login", body).status_code == 400


def test_guessing_locks_the_guesser_not_the_victim(ana: User) -> None:
    for _ in range(django_settings.AXES_FAILURE_LIMIT):
        sign_in(ana, "wrong")
    locked = sign_in(ana)
    assert code(locked) == (429, "TOO_MANY_ATTEMPTS")
    elsewhere = APIClient().post(
        f"{AUTH}/login",
        {"email": ana.email, "password": PASSWORD},
        format="json",
        REMOTE_ADDR="10.9.8.7",
    )
    assert elsewhere.status_code == 200
    neighbour = call("/login", {"email": "beto@clinica.test", "password": "x"})
    assert neighbour.status_code == 401


def test_a_refresh_token_rotates(ana: User) -> None:
    first = sign_in(ana).json()
    second = call("/refresh", {"refresh_token": first["refresh_token"]}).json()
    assert set(second) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert second["refresh_token"] != first["refresh_token"]
    third = call("/refresh", {"refresh_token": second["refresh_token"]})
    assert third.status_code == 200
    assert call("/me", token=third.json()["access_token"]).status_code == 200


def test_two_tabs_get_the_same_successor(ana: User) -> None:
    body = {"refresh_token": sign_in(ana).json()["refresh_token"]}
    one, two = call("/refresh", body).json(), call("/refresh", body).json()
    assert one["refresh_token"] == two["refresh_token"]
    assert RefreshToken.objects.count() == 2


def test_a_late_second_use_ends_the_whole_family(ana: User) -> None:
    first = sign_in(ana).json()
    second = call("/refresh", {"refresh_token": first["refresh_token"]}).json()
    RefreshToken.objects.update(used_at=F("used_at") - timedelta(seconds=11))
    stolen = call("/refresh", {"refresh_token": first["refresh_token"]})
    assert code(stolen) == (401, "TOKEN_REVOKED")
    heir = call("/refresh", {"refresh_token": second["refresh_token"]})
    assert code(heir) == (401, "TOKEN_REVOKED")
    access = call("/me", token=second["access_token"])
    assert code(access) == (401, "TOKEN_REVOKED")
    assert Record.objects.filter(action="accounts.token_reused").count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_refreshes_never_leave_two_living_successors(ana: User) -> None:
    for _ in range(10):
        token = sign_in(ana).json()["refresh_token"]
        use = partial(call, "/refresh", {"refresh_token": token})
        answers = together(*[use] * 8)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    family = RefreshFamily.objects.latest("created_at")
    assert family.refreshtoken_set.filter(used_at=None).count() == 1


def test_a_sign_out_kills_refresh_and_access_at_once(ana: User) -> None:
    tokens = sign_in(ana).json()
    body = {"refresh_token": tokens["refresh_token"]}
    assert call("/logout", body).status_code == 204
    assert call("/logout", body).status_code == 204
    assert code(call("/refresh", body)) == (401, "TOKEN_REVOKED")
    assert code(call("/me", token=tokens["access_token"])) == (401, "TOKEN_REVOKED")
    assert Record.objects.filter(action="accounts.signed_out").count() == 1


def test_a_new_password_ends_every_sign_in(ana: User) -> None:
    tokens = sign_in(ana).json()
    change_password(actor=ana, user=ana, password="otra-clave-bien-larga-2")
    assert code(call("/me", token=tokens["access_token"])) == (401, "TOKEN_REVOKED")
    assert sign_in(ana).status_code == 401
    assert sign_in(ana, "otra-clave-bien-larga-2").status_code == 200


def test_a_closed_account_is_out_at_once(ana: User, root: User) -> None:
    tokens = sign_in(ana).json()
    deactivate(actor=root, user=ana)
    assert code(call("/me", token=tokens["access_token"])) == (401, "TOKEN_REVOKED")
    refused = call("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert code(refused) == (401, "TOKEN_REVOKED")
    assert sign_in(ana).status_code == 401


def test_registration_is_closed_unless_opened(db: None, settings: Any) -> None:
    body = {
        "email": "nuevo@casa.test",
        "password": "loro-azul-9",
        "password_confirmation": "loro-azul-9",
        "full_name": "Nuevo",
    }
    assert code(call("/register", body)) == (403, "REGISTRATION_CLOSED")
    settings.ALLOW_PUBLIC_REGISTRATION = True
    made = call("/register", body)
    assert made.status_code == 201
    assert made.json()["permissions"] == []
    assert made.json()["role"] == "user"
    assert code(call("/register", body)) == (409, "ALREADY_EXISTS")
    short = {**body, "email": "b@casa.test", "password": "corta"}
    assert call("/register", short).status_code == 400
    weak = {**short, "password": "12345678", "password_confirmation": "12345678"}
    refused = call("/register", weak)
    assert refused.status_code == 400
    assert "password" in refused.json()["error"]["details"]["fields"]


def test_the_seeds_other_spelling_of_the_address_answers(ana: User) -> None:
    answer = APIClient().post(
        "/api/auth/login",
        {"email": ana.email, "password": PASSWORD},
        format="json",
    )
    assert answer.status_code == 200
