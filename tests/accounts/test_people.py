"""Corners of people and tokens that no walk passes."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from rest_framework.test import APIClient

from accounts.authentication import EmailBackend
from accounts.models import Grant, Permission, RefreshFamily, RefreshToken, Role, User
from accounts.services.sign_in import forget_expired
from audit.models import Record
from tests.conftest import PASSWORD
from tests.journaled import staged

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]


def test_the_first_superuser_is_made_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "una-clave-bien-larga")
    call_command(
        "createsuperuser",
        interactive=False,
        email="Jefa@Clinica.test",
        full_name="La Jefa",
        verbosity=0,
    )
    boss = User.objects.get(email="jefa@clinica.test")
    assert boss.is_superuser
    assert boss.is_staff
    assert boss.has_perm("anything")
    assert boss.has_module_perms("anything")


def test_library_tables_are_for_superusers(ana: User) -> None:
    assert not ana.has_perm("axes.view_accessattempt")
    assert not ana.has_module_perms("axes")
    assert not EmailBackend().has_perm(ana, "axes.view_accessattempt")


def test_a_closed_account_has_no_session_user(ana: User) -> None:
    assert EmailBackend().get_user(ana.pk) == ana
    with staged():
        User.objects.filter(pk=ana.pk).update(is_active=False)
    assert EmailBackend().get_user(ana.pk) is None


@pytest.mark.parametrize("header", ["Bearer", "Basic eDp5", "Bearer a b"])
def test_an_odd_authorization_header_is_no_sign_in(db: None, header: str) -> None:
    answer = APIClient().get("/api/v1/auth/me", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_token_of_a_closed_account_is_not_refreshed(ana: User) -> None:
    tokens = (
        APIClient()
        .post(
            "/api/v1/auth/login",
            {"email": ana.email, "password": PASSWORD},
            format="json",
        )
        .json()
    )
    with staged():
        User.objects.filter(pk=ana.pk).update(is_active=False)
    answer = APIClient().post(
        "/api/v1/auth/refresh",
        {"refresh_token": tokens["refresh_token"]},
        format="json",
    )
    assert answer.status_code == 401


def test_dead_sign_ins_are_forgotten(ana: User) -> None:
    APIClient().post(
        "/api/v1/auth/login", {"email": ana.email, "password": PASSWORD}, format="json"
    )
    assert forget_expired() == 0
    RefreshToken.objects.update(expires_at=F("expires_at") - timedelta(days=8))
    assert forget_expired() == 2
    assert not RefreshFamily.objects.exists()


def test_a_row_names_itself(ana: User, root: User) -> None:
    permission = Permission.objects.get(name="transaction:review")
    family = RefreshFamily(user=ana)
    token = RefreshToken(family=family)
    given = Grant(user=ana, permission=permission)
    assert str(ana) == "Ana"
    assert str(Role.objects.get(name="cashier")) == "Cajero"
    assert str(permission)
    assert str(Permission(name="later:room")) == "later:room"
    assert str(given).startswith("Ana · ")
    assert str(family) == str(family.pk)
    assert str(token) == str(token.jti)


def test_the_back_office_door_is_journaled(ana: User, client: Any) -> None:
    page = client.post(
        "/admin/login/", {"username": ana.email, "password": PASSWORD}, follow=True
    )
    assert page.status_code == 200
    assert Record.objects.filter(action="accounts.signed_in").count() == 1
    client.post("/admin/logout/")
    assert Record.objects.filter(action="accounts.signed_out").count() == 1


def test_guessing_at_the_back_office_is_told_in_words(ana: User, client: Any) -> None:
    for _ in range(6):
        page = client.post(
            "/admin/login/", {"username": ana.email, "password": "wrong"}
        )
    assert page.status_code == 429
    assert "text/html" in page["Content-Type"]
