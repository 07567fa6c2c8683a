"""The way back in as a person walks it: from the sign-in page, by keys, on a phone."""

import os
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.accounts.letterbox import link_of, post_comes, the_letter
from tests.accounts.test_sign_in import call, sign_in
from tests.pages import fits

NEW = "otra-clave-bien-larga-2"
# Set to a folder to look at the pages.
PICTURES = os.environ.get("PICTURES", "")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(params=[390, 1440])
def page(request: Any, live_server: Any, settings: Any, open_window: Any) -> Page:
    settings.PUBLIC_URL = live_server.url
    window: Page = open_window(request.param)
    return window


def look(page: Page, name: str) -> None:
    """Nothing is wider than the window; and a picture for whoever wants one."""
    width = page.viewport_size["width"]  # type: ignore[index]
    fits(page, width)
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png")


def test_a_clerk_walks_back_in(page: Page, ana: User) -> None:
    page.goto("/admin/login/")
    look(page, "login")
    page.get_by_role("link", name="¿Olvidó su contraseña?").click()
    expect(page.get_by_label("Correo")).to_be_focused()
    look(page, "ask")
    page.keyboard.type(ana.email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("el mensaje va en camino")
    look(page, "asked")
    address, token = link_of(the_letter())
    page.goto(f"{address}#{token}")
    # The token is gone from the address bar, and so from the browser's history.
    expect(page).to_have_url(re.compile(r"/admin/set-password/$"))
    expect(page.get_by_label("Contraseña nueva *", exact=True)).to_be_focused()
    look(page, "set")
    for typed, key in (("corta", "Tab"), ("otra", "Enter")):
        page.keyboard.type(typed)
        page.keyboard.press(key)
    expect(page.get_by_text("Las dos no son iguales.")).to_be_visible()
    look(page, "wrong")
    for field in page.locator("input[type=password]").all():
        field.fill(NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Su contraseña fue cambiada")
    look(page, "done")
    page.goto("about:blank")
    page.goto(f"{address}#{token}")
    for field in page.locator("input[type=password]").all():
        field.fill("y-una-tercera-clave")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Este enlace no es válido")
    look(page, "invalid")
    page.get_by_role("link", name="Volver").click()
    expect(page.get_by_label("Correo")).to_be_focused()
    page.keyboard.type(ana.email)
    page.keyboard.press("Tab")
    page.keyboard.type(NEW)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/admin/$"))


def test_an_email_is_confirmed_with_one_key(page: Page, ana: User) -> None:
    access = sign_in(ana).json()["access_token"]
    call("/verify-email/resend", {}, token=access)
    (letter,) = post_comes()
    address, token = link_of(letter)
    page.goto(f"{address}#{token}")
    look(page, "verify")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("quedó confirmado")
    look(page, "verified")
    ana.refresh_from_db()
    assert ana.is_verified
