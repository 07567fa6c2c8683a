"""The back office: the second step, one's own factors, and somebody else's."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import LastSecondFactor, SecondFactorMissing
from accounts.models import SecondStep, User
from accounts.services.second_factor import (
    factors_of,
    remove,
    renew_recovery_codes,
    unused_recovery_codes,
)
from audit.models import Record
from tests.accounts.authenticator import App, enrolled
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

MINE = "/admin/my-security/"
STEP = "/admin/second-step/"


@pytest.fixture
def app(ana: User) -> App:
    """Ana's authenticator."""
    return enrolled(ana)


def type_password(user: User, client: Client | None = None, query: str = "") -> Client:
    client = client or Client()
    client.post(f"/admin/login/{query}", {"username": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def confirmed(client: Client, code: str = "", password: str = PASSWORD) -> Client:
    """Pass the confirmation, as it is asked for before factors change."""
    client.post(f"{MINE}confirm/", {"password": password, "code": code})
    return client


def journaled(action: str) -> list[str]:
    records = Record.objects.filter(action=f"accounts.{action}").order_by("id")
    return list(records.values_list("facts", flat=True))


# --- The second step ---
def test_without_a_factor_the_password_is_enough(ana: User) -> None:
    client = type_password(ana)
    assert is_signed_in(client)
    assert client.get(STEP).url == "/admin/login/"
    assert journaled("signed_in") == ['{"how":"password"}']


def test_the_password_leads_to_the_second_step(ana: User, app: App) -> None:
    client = Client()
    typed = {"username": ana.email, "password": PASSWORD}
    answer = client.post("/admin/login/?next=/admin/transactions/transaction/", typed)
    assert answer.url == STEP
    assert not is_signed_in(client)
    assert client.get("/admin/").url.startswith("/admin/login/")
    assert journaled("signed_in") == []
    before = client.session.session_key
    done = client.post(STEP, {"code": app.next_code()})
    assert done.url == "/admin/transactions/transaction/"
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert journaled("signed_in") == ['{"how":"totp"}']


def test_the_sessions_key_changes_when_the_waiting_begins(ana: User, app: App) -> None:
    client = Client()
    session = client.session
    session["seen"] = True
    session.save()
    assert type_password(ana, client).session.session_key != session.session_key


def test_a_recovery_code_opens_too(ana: User, app: App) -> None:
    client = type_password(ana)
    client.post(STEP, {"code": app.recovery_codes[0]})
    assert is_signed_in(client)
    assert journaled("signed_in") == ['{"how":"recovery_code"}']


def test_a_wrong_and_a_used_code_do_not(ana: User, app: App) -> None:
    client, code = type_password(ana), app.next_code()
    page = client.post(STEP, {"code": "000000"}).content.decode()
    assert "El código no es correcto o ya se usó." in page
    client.post(STEP, {"code": code})
    assert is_signed_in(client)
    other = type_password(ana)
    other.post(STEP, {"code": code})
    assert not is_signed_in(other)


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"code": "x" * 33},
        {"code": "", "passkey": "not json"},
        {"passkey": "[]"},
        {"passkey": '{"id": 5}'},
        {"passkey": '{"id": "eA", "rawId": "eA", "response": {}}'},
    ],
)
def test_nonsense_does_not(ana: User, app: App, typed: dict[str, str]) -> None:
    client = type_password(ana)
    assert client.post(STEP, typed).status_code == 200
    assert not is_signed_in(client)


def test_five_wrong_codes_lock_the_second_step_alone(
    ana: User, beto: User, app: App
) -> None:
    client = type_password(ana)
    for _ in range(5):
        client.post(STEP, {"code": "000000"})
    page = client.post(STEP, {"code": app.next_code()}).content.decode()
    assert "Demasiados códigos equivocados" in page
    assert not is_signed_in(client)
    assert is_signed_in(type_password(beto))
    assert SecondStep.objects.count() == 5


def test_the_second_step_waits_five_minutes(ana: User, app: App) -> None:
    client = type_password(ana)
    with time_machine.travel(timezone.now() + timedelta(seconds=301)):
        answer = client.post(STEP, {"code": app.next_code()})
    assert answer.url == "/admin/login/"
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"token_version": 2}])
def test_the_second_step_waits_for_nobody_who_changed(
    ana: User, app: App, change: dict[str, Any]
) -> None:
    client = type_password(ana)
    User.objects.filter(pk=ana.pk).update(**change)
    assert client.post(STEP, {"code": app.next_code()}).url == "/admin/login/"


# --- Who cannot do without ---
def test_a_reviewer_enrols_before_anything_opens(settings: Any, ruben: User) -> None:
    settings.SECOND_FACTOR_REQUIRED_FOR = ["reviewer"]
    client = type_password(ruben)
    for url in ("/admin/", "/admin/transactions/queue/", "/admin/password_change/"):
        assert client.get(url).url == MINE, url
    page = client.get(MINE).content.decode()
    assert "Su rol exige un segundo factor" in page
    assert "Cola de revisión" not in page
    assert "/admin/transactions/" not in page
    # His password was typed a moment ago.
    app = shown_app(client)
    codes = client.post(f"{MINE}app/", {"code": app.next_code()}).context["codes"]
    assert len(codes) == 10
    assert "Quedan 10 códigos." in client.get(MINE).content.decode()
    assert client.get("/admin/").status_code == 200
    other = type_password(ruben)
    assert not is_signed_in(other)
    other.post(STEP, {"code": codes[0]})
    assert is_signed_in(other)


def shown_app(client: Client) -> App:
    """An authenticator that scanned what the page shows."""
    groups = client.get(f"{MINE}app/").context["groups"]
    return App("".join(groups), [], timezone.now() - timedelta(seconds=30))


def test_an_open_session_is_led_to_enrolment_when_it_is_required(
    settings: Any, back_office: Any, ruben: User, ana: User
) -> None:
    client = back_office(ruben)
    assert client.get("/admin/").status_code == 200
    settings.SECOND_FACTOR_REQUIRED_FOR = ["reviewer"]
    assert client.get("/admin/").url == MINE
    assert back_office(ana).get("/admin/").status_code == 200
    client.post("/admin/logout/")
    assert not is_signed_in(client)


def test_who_needs_none_costs_no_question(
    settings: Any, back_office: Any, ana: User
) -> None:
    client = back_office(ana)
    settings.SECOND_FACTOR_REQUIRED_FOR = ["reviewer", "superuser"]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/admin/")
    assert not [one for one in asked if "mfa_authenticator" in one["sql"]]


# --- My security ---
@pytest.mark.parametrize("page", ["app/", "passkey/", "codes/"])
def test_a_factor_changes_only_after_confirming(
    back_office: Any, ana: User, page: str
) -> None:
    client = back_office(ana)
    for answer in (client.get(MINE + page), client.post(MINE + page, {"code": "1"})):
        assert (
            answer.url == f"{MINE}confirm/?next=%2Fadmin%2Fmy-security%2F{page[:-1]}%2F"
        )
    confirmed(client, password="wrong")
    assert client.get(MINE + page).status_code == 302
    confirmed(client)
    assert client.get(MINE + page).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=301)):
        assert client.get(MINE + page).status_code == 302


def test_the_confirmation_leads_back_and_nowhere_else(
    back_office: Any, ana: User
) -> None:
    client = back_office(ana)
    typed = {"password": PASSWORD, "code": ""}
    back = client.post(f"{MINE}confirm/?next=/admin/my-security/app/", typed)
    assert back.url == f"{MINE}app/"
    away = client.post(f"{MINE}confirm/?next=https://evil.example/", typed)
    assert away.url == MINE


def test_whoever_has_a_factor_confirms_with_it(
    back_office: Any, ana: User, app: App
) -> None:
    client = back_office(ana)
    confirmed(client)
    assert client.get(f"{MINE}codes/").status_code == 302
    page = client.post(
        f"{MINE}confirm/", {"password": "wrong", "code": app.next_code()}
    )
    assert "La contraseña o el código no es correcto." in page.content.decode()
    confirmed(client, app.next_code())
    assert client.get(f"{MINE}codes/").status_code == 200
    assert len(journaled("second_step_failed")) == 2


def test_an_app_is_added_by_its_own_code(back_office: Any, ana: User) -> None:
    client = confirmed(back_office(ana))
    app = shown_app(client)
    page = client.get(f"{MINE}app/")
    assert page.context["drawing"].startswith("data:image/svg+xml;base64,")
    assert all(len(group) == 4 for group in page.context["groups"])
    assert "<script>" not in page.content.decode()
    refused = client.post(f"{MINE}app/", {"code": "000000"})
    assert "El código no es correcto" in refused.content.decode()
    assert not factors_of(ana).exists()
    done = client.post(f"{MINE}app/", {"code": app.next_code()})
    codes = done.context["codes"]
    assert all(re.fullmatch(r"\d{4} \d{4}", code) for code in codes)
    assert factors_of(ana).get().type == "totp"
    assert codes[0] not in client.get(MINE).content.decode()
    assert journaled("second_factor_added") == ['{"factor":"totp"}']
    assert journaled("recovery_codes_made") == ['{"number":10}']
    # One confirmation, one change; the next is proved by the new factor.
    assert client.post(f"{MINE}remove/{factors_of(ana).get().pk}/").status_code == 302
    assert factors_of(ana).exists()


def test_the_offered_secret_lies_encrypted(back_office: Any, ana: User) -> None:
    client = confirmed(back_office(ana))
    app = shown_app(client)
    assert all(
        app.secret not in str(session.get_decoded())
        for session in Session.objects.all()
    )


def test_a_second_app_is_refused(back_office: Any, ana: User, app: App) -> None:
    client = confirmed(back_office(ana), app.next_code())
    other = shown_app(client)
    refused = client.post(f"{MINE}app/", {"code": other.next_code()})
    assert refused.status_code == 409
    assert factors_of(ana).count() == 1


def test_recovery_codes_are_made_anew(back_office: Any, ana: User, app: App) -> None:
    client = confirmed(back_office(ana), app.next_code())
    codes = client.post(f"{MINE}codes/").context["codes"]
    assert len(codes) == 10
    assert codes[0].replace(" ", "") not in app.recovery_codes


def test_there_are_no_recovery_codes_without_a_factor(
    back_office: Any, ana: User
) -> None:
    assert confirmed(back_office(ana)).post(f"{MINE}codes/").status_code == 422
    with pytest.raises(SecondFactorMissing):
        renew_recovery_codes(user=ana)


def test_a_factor_is_removed_and_takes_the_codes_along(
    back_office: Any, ana: User, app: App
) -> None:
    client, url = back_office(ana), f"{MINE}remove/{factors_of(ana).get().pk}/"
    client.post(url)
    assert factors_of(ana).exists()
    confirmed(client, app.next_code())
    assert "¿Quitar" in client.get(url).content.decode()
    client.post(url)
    assert not Authenticator.objects.exists()
    assert journaled("second_factor_removed") == ['{"factor":"totp"}']
    assert is_signed_in(type_password(ana))
    # The confirmation is used up.
    assert client.get(f"{MINE}app/").status_code == 302


def test_the_last_factor_of_who_needs_one_stays(
    settings: Any, back_office: Any, ana: User, app: App
) -> None:
    settings.SECOND_FACTOR_REQUIRED_FOR = ["cashier"]
    client = confirmed(back_office(ana), app.next_code())
    refused = client.post(f"{MINE}remove/{factors_of(ana).get().pk}/")
    assert refused.status_code == 422
    assert "agregue otro antes de quitar" in refused.content.decode()
    second = passkey_row(ana)
    remove(user=ana, factor=second)
    with pytest.raises(LastSecondFactor):
        remove(user=ana, factor=factors_of(ana).get())
    assert unused_recovery_codes(ana) == 10


def passkey_row(user: User) -> Authenticator:
    return Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Llave", "credential": {}}
    )


def test_nobody_removes_somebody_elses_factor(
    back_office: Any, ana: User, beto: User, app: App
) -> None:
    his = enrolled(beto)
    client = confirmed(back_office(beto), his.next_code())
    hers = factors_of(ana).get()
    assert client.post(f"{MINE}remove/{hers.pk}/").status_code == 404
    with pytest.raises(SecondFactorMissing):
        remove(user=beto, factor=hers)
    assert factors_of(ana).exists()


# --- Somebody else's ---
def reset(client: Client, user: User, **said: str) -> str:
    url = f"/admin/accounts/user/{user.pk}/second_factor/"
    return client.post(url, said, follow=True).content.decode()


def test_a_superuser_resets_with_a_reason(
    back_office: Any, root: User, ana: User, app: App
) -> None:
    client = back_office(root)
    page = client.get(f"/admin/accounts/user/{ana.pk}/change/").content.decode()
    assert "Quitar los segundos factores" in page
    reset(client, ana)
    assert factors_of(ana).exists()
    reset(client, ana, reason="Perdió el teléfono")
    assert not Authenticator.objects.exists()
    told = Record.objects.get(action="accounts.second_factor_removed")
    assert told.actor_id == root.pk
    assert told.subject_id == str(ana.pk)
    assert told.facts == '{"factors":["totp"],"reason":"Perdió el teléfono"}'
    ana.refresh_from_db()
    assert ana.token_version == 2
    assert "No hay ningún segundo factor." in reset(client, ana, reason="Otra vez")


def test_the_last_superuser_gets_help_at_the_console(root: User) -> None:
    enrolled(root)
    with pytest.raises(CommandError, match="Nobody"):
        call_command("reset_second_factor", "nadie@clinica.test", reason="x")
    call_command("reset_second_factor", root.email, reason="Perdió el teléfono")
    assert not Authenticator.objects.exists()
    told = Record.objects.get(action="accounts.second_factor_removed")
    assert told.actor_id is None
    with pytest.raises(CommandError, match="no second factor"):
        call_command("reset_second_factor", root.email, reason="Otra vez")


def test_nobody_else_resets_and_nobody_his_own(
    back_office: Any, person: Any, root: User, ana: User, app: App
) -> None:
    gabi = person("gabi", "admin")
    assert "Solo un superusuario" in reset(back_office(gabi), ana, reason="x")
    enrolled(root)
    page = reset(back_office(root), root, reason="Porque sí")
    assert "Nadie cambia sus propios" in page
    assert factors_of(root).exists()
    assert factors_of(ana).exists()


def test_the_librarys_own_pages_are_not_there(back_office: Any, root: User) -> None:
    client = back_office(root)
    for url in ("/admin/mfa/authenticator/", "/admin/account/emailaddress/"):
        assert client.get(url).status_code == 404, url
    for url in ("/accounts/2fa/", "/accounts/login/", "/2fa/"):
        assert client.get(url).status_code == 404, url


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SECOND_FACTOR_REQUIRED_FOR": ["reviewers"]}, "accounts.E004"),
        ({"SECOND_FACTOR_REQUIRED_FOR": ["user"]}, "accounts.E004"),
        ({"SECOND_FACTOR_KEYS": ["short"]}, "accounts.E005"),
    ],
)
def test_settings_are_judged(settings: Any, changes: Any, expected: str) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert expected in {problem.id for problem in run_checks()}
