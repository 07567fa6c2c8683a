"""Passkeys, QR code and recovery codes in a real browser, on a phone too."""

import os
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services.second_factor import factors_of
from audit.models import Record
from tests.accounts.authenticator import App
from tests.conftest import PASSWORD
from tests.pages import arrived, fits

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MINE = "/admin/my-security/"


def give_passkeys(page: Page) -> None:
    """A virtual authenticator in this tab; it always consents."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def look(page: Page, width: int, name: str) -> None:
    """It fits; and a picture for whoever wants one."""
    fits(page, width)
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def type_password(page: Page, user: User) -> None:
    page.goto("/admin/login/")
    page.get_by_label("Correo").fill(user.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_passkey_is_added_and_opens(
    sign_in: Any,  # noqa: F811
    ana: User,
    width: int,
) -> None:
    page = sign_in(ana, width)
    give_passkeys(page)
    page.goto(MINE)
    look(page, width, "none")
    page.get_by_role("link", name="Agregar una llave de acceso").click()
    page.get_by_label("Nombre").fill("Teléfono")
    look(page, width, "add-passkey")
    page.keyboard.press("Enter")
    expect(page.locator("#codes code")).to_have_count(10)
    look(page, width, "codes")
    page.get_by_text("Ya los guardé").click()
    expect(page.get_by_text("Teléfono", exact=True)).to_be_visible()
    look(page, width, "one")
    assert factors_of(ana).get().type == "webauthn"

    sign_out(page)
    type_password(page, ana)
    expect(page).to_have_url(re.compile("/admin/second-step/$"))
    look(page, width, "second-step")
    page.get_by_role("button", name="Usar una llave de acceso").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    signed_in = Record.objects.filter(action="accounts.signed_in").order_by("id")
    assert [each.facts for each in signed_in] == [
        '{"how":"password"}',
        '{"how":"passkey"}',
    ]

    page.goto(f"{MINE}remove/{factors_of(ana).get().pk}/")
    page.get_by_label("Contraseña").fill(PASSWORD)
    look(page, width, "confirm")
    page.get_by_role("button", name="Continuar con una llave de acceso").click()
    expect(page.get_by_role("button", name="Quitar")).to_be_visible()
    look(page, width, "remove")
    page.get_by_role("button", name="Quitar").click()
    expect(page.get_by_text("Todavía ninguno.")).to_be_visible()
    assert not factors_of(ana).exists()


def test_somebody_elses_passkey_does_not_open(
    sign_in: Any,  # noqa: F811
    ana: User,
) -> None:
    page = sign_in(ana)
    give_passkeys(page)
    page.goto(f"{MINE}passkey/")
    page.get_by_label("Nombre").fill("Teléfono")
    page.keyboard.press("Enter")
    expect(page.locator("#codes code")).to_have_count(10)
    sign_out(page)
    other = page.context.new_page()
    give_passkeys(other)
    type_password(other, ana)
    arrived(other, "/admin/second-step/$")
    other.get_by_role("button", name="Usar una llave de acceso").click()
    expect(other.get_by_text("La llave de acceso no respondió")).to_be_visible()
    assert "_auth_user_id" not in other.content()
    other.goto("/admin/")
    expect(other).to_have_url(re.compile("/admin/login/"))


@pytest.mark.parametrize("width", [390, 1440])
def test_a_reviewer_is_led_to_an_app_and_signs_in_by_keyboard(
    sign_in: Any,  # noqa: F811
    settings: Any,
    ruben: User,
    width: int,
) -> None:
    page = sign_in(ruben, width)
    settings.SECOND_FACTOR_REQUIRED_FOR = ["reviewer"]
    page.goto("/admin/")
    expect(page).to_have_url(re.compile(f"{MINE}$"))
    look(page, width, "enrolment")
    page.get_by_role("link", name="Agregar una aplicación de códigos").click()
    page.wait_for_load_state()
    groups = page.locator(".am-key code span").all_inner_texts()
    image = page.locator(".am-qr")
    assert image.evaluate("image => image.naturalWidth") > 0
    look(page, width, "add-app")
    # A minute behind, so that two codes in a row are new ones.
    app = App("".join(groups), [], timezone.now() - timedelta(minutes=1))
    page.get_by_label("Código que muestra la aplicación").fill(app.next_code())
    page.keyboard.press("Enter")
    expect(page.locator("#codes code")).to_have_count(10)

    sign_out(page)
    type_password(page, ruben)
    arrived(page, "/admin/second-step/$")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("ya se usó")
    look(page, width, "wrong")
    page.keyboard.type(app.next_code())
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/$"))
