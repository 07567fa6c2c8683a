"""The second step of the API's sign-in, and what guards it everywhere."""

import io
import logging
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.db.models import F
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.adapter import SecondFactorAdapter
from accounts.errors import InvalidSecondFactor, SecondStepLocked
from accounts.models import RefreshFamily, SecondStep, User
from accounts.services.people import change_password
from accounts.services.second_factor import renew_recovery_codes, unused_recovery_codes
from accounts.services.second_step import answer, by_code
from accounts.tasks import forget_expired
from audit.models import Record
from tests.accounts.authenticator import STEP, App, enrolled
from tests.conftest import PASSWORD
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]

AUTH = "/api/v1/auth"


@pytest.fixture
def app(ana: User) -> App:
    """Ana's authenticator."""
    return enrolled(ana)


def call(path: str, body: Any, token: str = "") -> Any:
    client = APIClient(raise_request_exception=False)
    if token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client.post(AUTH + path, body, format="json")


def sign_in(user: User, password: str = PASSWORD) -> Any:
    return call("/login", {"email": user.email, "password": password})


def first_step(user: User) -> str:
    """The token that the right password brings."""
    token: str = sign_in(user).json()["error"]["details"]["token"]
    return token


def second_step(token: str, code: str) -> Any:
    return call("/second-step", {"token": token, "code": code})


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def journaled(action: str) -> list[str]:
    records = Record.objects.filter(action=f"accounts.{action}").order_by("id")
    return list(records.values_list("facts", flat=True))


def test_without_a_factor_nothing_changes(ana: User) -> None:
    assert sign_in(ana).status_code == 200
    assert journaled("signed_in") == ['{"how":"password"}']


def test_the_password_alone_brings_a_token_of_the_second_step(
    ana: User, app: App
) -> None:
    asked = sign_in(ana)
    details = asked.json()["error"]["details"]
    assert code_of(asked) == (401, "SECOND_FACTOR_REQUIRED")
    assert details["expires_in"] == 300
    assert details["methods"] == ["totp", "recovery_code"]
    assert journaled("signed_in") == []
    assert not RefreshFamily.objects.exists()
    ana.refresh_from_db()
    assert ana.last_login is None


def test_a_code_finishes_the_sign_in(ana: User, app: App) -> None:
    done = second_step(first_step(ana), app.next_code())
    assert done.status_code == 200
    assert set(done.json()) == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "user",
    }
    me = APIClient().get(
        f"{AUTH}/me", headers={"Authorization": f"Bearer {done.json()['access_token']}"}
    )
    assert me.json()["email"] == ana.email
    assert journaled("signed_in") == ['{"how":"totp"}']
    assert journaled("second_step_passed") == ['{"how":"totp"}']


def test_a_wrong_password_tells_nothing_of_the_factor(ana: User, app: App) -> None:
    assert code_of(sign_in(ana, "wrong")) == (401, "INVALID_CREDENTIALS")


def test_a_wrong_code_is_refused_and_journaled(ana: User, app: App) -> None:
    token = first_step(ana)
    assert code_of(second_step(token, "000000")) == (401, "INVALID_SECOND_FACTOR")
    assert journaled("second_step_failed") == ["{}"]
    assert second_step(token, app.next_code()).status_code == 200
    assert not SecondStep.objects.filter(succeeded=False).exists()


@pytest.mark.parametrize("body", [{}, {"token": "x"}, {"token": None, "code": 5}, []])
def test_a_senseless_second_step_is_refused(body: Any, db: None) -> None:
    assert call("/second-step", body).status_code == 400


def test_a_code_is_taken_once(ana: User, app: App) -> None:
    code = app.next_code()
    assert second_step(first_step(ana), code).status_code == 200
    again = second_step(first_step(ana), code)
    assert code_of(again) == (401, "INVALID_SECOND_FACTOR")


def test_the_code_that_activated_signs_nobody_in(ana: User) -> None:
    app = enrolled(ana)
    with time_machine.travel(app.clock, tick=False):
        refused = second_step(first_step(ana), app.code(app.clock))
    assert code_of(refused) == (401, "INVALID_SECOND_FACTOR")


@pytest.mark.parametrize(
    ("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_half_a_minute_wrong(
    ana: User, app: App, away: int, taken: bool
) -> None:
    now = timezone.now()
    proof = by_code(app.code(now + away * STEP), now=now)
    if taken:
        assert answer(user=ana, proof=proof) == "totp"
    else:
        with pytest.raises(InvalidSecondFactor):
            answer(user=ana, proof=proof)


def test_after_a_code_no_older_one_is_taken(ana: User, app: App) -> None:
    now = timezone.now()
    answer(user=ana, proof=by_code(app.code(now), now=now))
    with pytest.raises(InvalidSecondFactor):
        answer(user=ana, proof=by_code(app.code(now - STEP), now=now))


def test_a_recovery_code_is_taken_once(ana: User, app: App) -> None:
    code = app.recovery_codes[3]
    spaced = f"{code[:4]} {code[4:]}"
    assert second_step(first_step(ana), spaced).status_code == 200
    again = second_step(first_step(ana), code)
    assert code_of(again) == (401, "INVALID_SECOND_FACTOR")
    assert unused_recovery_codes(ana) == 9
    assert journaled("signed_in") == ['{"how":"recovery_code"}']
    assert len(journaled("recovery_code_used")) == 1


def test_new_recovery_codes_end_the_old_ones(ana: User, app: App) -> None:
    new = renew_recovery_codes(user=ana)
    assert set(new).isdisjoint(app.recovery_codes)
    old = second_step(first_step(ana), app.recovery_codes[0])
    assert code_of(old) == (401, "INVALID_SECOND_FACTOR")
    assert second_step(first_step(ana), new[0]).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["recovery", "totp"])
def test_of_two_with_the_same_code_one_wins(ana: User, kind: str) -> None:
    app = enrolled(ana)
    code = app.recovery_codes[0] if kind == "recovery" else app.next_code()
    tokens = [first_step(ana), first_step(ana)]
    answers = together(*(lambda t=t: second_step(t, code) for t in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    assert RefreshFamily.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_with_the_same_token_one_wins(ana: User) -> None:
    app, token = enrolled(ana), first_step(ana)
    codes = app.recovery_codes[:2]
    answers = together(*(lambda c=c: second_step(token, c) for c in codes))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    assert RefreshFamily.objects.count() == 1
    assert unused_recovery_codes(ana) == 9


@pytest.mark.django_db(transaction=True)
def test_guesses_in_parallel_are_all_counted(ana: User) -> None:
    enrolled(ana)
    token = first_step(ana)
    answers = together(*[lambda: second_step(token, "000000")] * 8)
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


def test_a_token_brings_success_once(ana: User, app: App) -> None:
    token = first_step(ana)
    assert second_step(token, app.next_code()).status_code == 200
    again = second_step(token, app.recovery_codes[0])
    assert code_of(again) == (401, "INVALID_TOKEN")
    assert unused_recovery_codes(ana) == 10


def test_guessing_locks_the_second_step_of_one_person(
    ana: User, beto: User, app: App
) -> None:
    token = first_step(ana)
    for _ in range(5):
        assert second_step(token, "000000").status_code == 401
    locked = second_step(token, app.next_code())
    assert code_of(locked) == (429, "SECOND_STEP_LOCKED")
    assert locked["Retry-After"] == "900"
    assert code_of(sign_in(ana)) == (401, "SECOND_FACTOR_REQUIRED")
    assert sign_in(beto).status_code == 200
    SecondStep.objects.update(at=F("at") - timedelta(minutes=15))
    assert second_step(first_step(ana), app.next_code()).status_code == 200


def test_old_answers_are_forgotten(ana: User, app: App) -> None:
    token = first_step(ana)
    second_step(token, "000000")
    forget_expired()
    assert SecondStep.objects.count() == 1
    SecondStep.objects.update(at=F("at") - timedelta(minutes=16))
    forget_expired()
    assert not SecondStep.objects.exists()


def test_the_token_lives_five_minutes(ana: User, app: App) -> None:
    with time_machine.travel(timezone.now() - timedelta(seconds=301)):
        token = first_step(ana)
    late = second_step(token, app.next_code())
    assert code_of(late) == (401, "INVALID_TOKEN")


def test_the_token_dies_with_the_password_and_the_account(ana: User, app: App) -> None:
    token = first_step(ana)
    change_password(actor=ana, user=ana, password="otra-clave-bien-larga-2")
    refused = second_step(token, app.next_code())
    assert code_of(refused) == (401, "INVALID_TOKEN")
    token = sign_in(ana, "otra-clave-bien-larga-2").json()["error"]["details"]["token"]
    User.objects.filter(pk=ana.pk).update(is_active=False)
    refused = second_step(token, app.next_code())
    assert code_of(refused) == (401, "INVALID_TOKEN")


def test_a_new_password_leaves_the_factors(ana: User, app: App) -> None:
    change_password(actor=ana, user=ana, password="otra-clave-bien-larga-2")
    assert code_of(sign_in(ana, "otra-clave-bien-larga-2")) == (
        401,
        "SECOND_FACTOR_REQUIRED",
    )


def test_no_token_serves_as_another(ana: User, beto: User, app: App) -> None:
    token = first_step(ana)
    bearer = APIClient(raise_request_exception=False)
    bearer.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert code_of(bearer.get(f"{AUTH}/me")) == (401, "INVALID_TOKEN")
    for path in ("/refresh", "/logout"):
        refused = call(path, {"refresh_token": token})
        assert code_of(refused) == (401, "INVALID_TOKEN")
    tokens = second_step(token, app.next_code()).json()
    claims = jwt.decode(
        first_step(ana), options={"verify_signature": False}, algorithms=["HS256"]
    )
    secret = django_settings.JWT_SECRET
    forged = [
        jwt.encode({**claims, "token_type": "access"}, secret),
        jwt.encode({**claims, "ver": 99}, secret),
        jwt.encode({**claims, "sub": "x"}, secret),
        jwt.encode({**claims, "jti": "x"}, secret),
        jwt.encode({**claims, "exp": 1}, secret),
        jwt.encode({**claims, "aud": "other"}, secret),
        jwt.encode({k: claims[k] for k in claims if k != "sub"}, secret),
        jwt.encode(claims, "another-key-of-sufficient-length-0123456789"),
        jwt.encode(claims, None, algorithm="none"),
    ]
    for other in (tokens["access_token"], tokens["refresh_token"], "x", *forged):
        refused = second_step(other, app.recovery_codes[0])
        assert code_of(refused) == (401, "INVALID_TOKEN"), other
    other = jwt.encode({**claims, "sub": str(beto.pk)}, secret)
    assert second_step(other, app.recovery_codes[0]).status_code == 401


@pytest.mark.parametrize(
    ("required", "who", "asked"),
    [
        ([], "root", False),
        (["superuser"], "root", True),
        (["superuser"], "ruben", False),
        (["superuser", "reviewer"], "ruben", True),
        (["superuser", "reviewer"], "ana", False),
        (["admin"], "root", True),
    ],
)
def test_who_needs_a_factor_enrols_in_the_back_office(
    settings: Any, request: Any, required: list[str], who: str, asked: bool
) -> None:
    user = request.getfixturevalue(who)
    settings.SECOND_FACTOR_REQUIRED_FOR = required
    if asked:
        refused = (403, "SECOND_FACTOR_ENROLMENT_REQUIRED")
        assert code_of(sign_in(user)) == refused
        assert journaled("signed_in") == []
    else:
        assert sign_in(user).status_code == 200


def test_a_sign_in_is_not_carried_on_without_the_factor_it_needs(
    settings: Any, ruben: User
) -> None:
    body = {"refresh_token": sign_in(ruben).json()["refresh_token"]}
    settings.SECOND_FACTOR_REQUIRED_FOR = ["reviewer"]
    refused = call("/refresh", body)
    assert code_of(refused) == (403, "SECOND_FACTOR_ENROLMENT_REQUIRED")
    enrolled(ruben)
    assert call("/refresh", body).status_code == 200


def test_secrets_are_encrypted_where_they_lie(ana: User, app: App) -> None:
    rows = "".join(str(data) for data in Authenticator.objects.values_list("data"))
    assert app.secret not in rows
    assert not any(code in rows for code in app.recovery_codes)


def test_a_key_is_changed_without_losing_a_factor(
    settings: Any, ana: User, app: App
) -> None:
    old = settings.SECOND_FACTOR_KEYS
    settings.SECOND_FACTOR_KEYS = ["a-new-key-" * 4, *old]
    assert second_step(first_step(ana), app.next_code()).status_code == 200
    adapter = SecondFactorAdapter()
    written = adapter.encrypt("x")
    settings.SECOND_FACTOR_KEYS = ["a-new-key-" * 4]
    assert adapter.decrypt(written) == "x"


def test_nothing_secret_is_journaled_or_logged(ana: User, app: App) -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    code, token = app.next_code(), first_step(ana)
    try:
        second_step(token, "135792")
        second_step(token, code)
        second_step(first_step(ana), app.recovery_codes[0])
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
    told = heard.getvalue() + "".join(Record.objects.values_list("facts", flat=True))
    assert "answered" in told
    secrets = [app.secret, code, "135792", token, *app.recovery_codes, ana.email]
    assert [secret for secret in secrets if secret in told] == []


def test_a_locked_person_is_locked_at_every_door(ana: User, app: App) -> None:
    for _ in range(5):
        SecondStep.objects.create(user=ana, succeeded=False)
    with pytest.raises(SecondStepLocked):
        answer(user=ana, proof=by_code(app.next_code(), now=timezone.now()))
