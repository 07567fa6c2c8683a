"""The pages of webhooks, as whoever manages them uses them."""

import re
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import User
from audit.actions import Action
from audit.models import Consumer, HeldEvent, Record
from audit.seal.sealing import seal
from audit.services import record
from notifications.models import Delivery, Endpoint
from notifications.services.endpoints import Issued
from notifications.services.sending import send_due
from tests.notifications.receiver import Receiver
from tests.notifications.test_api import a_delivery

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOOKS = "/admin/notifications/endpoint/"
NEW = {
    "name": "HIS",
    "url": "https://his.example.com/in?token=abc",
    "event_types": ["transaction.completed", "transaction.canceled"],
}


def test_a_new_webhook_shows_its_secret_once(back_office: Any, root: User) -> None:
    client = back_office(root)
    page = client.post(f"{HOOKS}new/", NEW).content.decode()
    (secret,) = re.findall(r'value="(whsec_[^"]+)"', page)
    hook = Endpoint.objects.get()
    assert hook.event_types == NEW["event_types"]
    for url in (f"{HOOKS}{hook.pk}/change/", HOOKS):
        assert secret not in client.get(url).content.decode()
    assert "token=abc" not in client.get(HOOKS).content.decode()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "http://his.example.com/"}, "https pública"),
        ({"url": "https://10.0.0.1/"}, "https pública"),
        ({"event_types": []}, "am-field__error"),
        ({"name": ""}, "am-field__error"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    back_office: Any, root: User, wrong: dict[str, Any], says: str
) -> None:
    page = back_office(root).post(f"{HOOKS}new/", {**NEW, **wrong}).content.decode()
    assert says in page
    assert not Endpoint.objects.exists()


def test_every_button(
    back_office: Any, root: User, webhook: Issued, receiver: Receiver
) -> None:
    client, pk = back_office(root), webhook.endpoint.pk
    one = f"{HOOKS}{pk}/"

    def press(verb: str, **typed: Any) -> str:
        answer = client.post(f"{one}{verb}/", typed, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    assert "va en camino" in press("test")
    send_due()
    assert len(receiver.got) == 1
    page = press("edit", name="LIS", url=receiver.url, event_types=NEW["event_types"])
    assert "LIS" in page
    assert "https pública" in press("edit", **{**NEW, "url": "ftp://x/"})
    rotated = press("rotate")
    assert "whsec_" in rotated
    assert webhook.secret not in rotated
    dead = a_delivery(webhook.endpoint, dead_at=Now())
    assert "Reenviar" in client.get(f"{one}change/", {"state": "dead"}).content.decode()
    press(f"replay/{dead.pk}")
    assert Delivery.objects.get(pk=dead.pk).dead_at is None
    press("disable")
    assert Delivery.objects.get(pk=dead.pk).dead_at is not None
    assert "actívelo primero" in press("replay")
    press("enable")
    assert "1 entrega" in press("replay")
    press("remove")
    assert not Endpoint.objects.exists()
    assert client.post(f"{one}test/", follow=True).status_code == 404


def test_what_our_own_program_failed_on_is_shown_and_tried_again(
    back_office: Any, root: User
) -> None:
    record(Action.TRANSACTION_MOVED, actor_id=None, subject=("transaction", "t-1"))
    seal()
    held = HeldEvent.objects.create(
        consumer=Consumer.objects.create(name="webhooks"),
        leaf=0,
        subject_type="transaction",
        subject_id="t-1",
        attempts=HeldEvent.MOST_ATTEMPTS,
        last_error="ZeroDivisionError",
    )
    client = back_office(root)
    page = client.get(f"{HOOKS}given-up/").content.decode()
    assert "ZeroDivisionError" in page
    again = client.post(f"{HOOKS}given-up/{held.pk}/replay/", follow=True)
    assert "ZeroDivisionError" not in again.content.decode()
    held.refresh_from_db()
    assert held.attempts == 0
    assert Record.objects.latest("pk").action == "audit.event_replayed"
    assert client.post(f"{HOOKS}given-up/{held.pk}/replay/").status_code == 404


def test_a_host_that_is_ours_no_longer_can_still_be_seen_and_deleted(
    back_office: Any, root: User, webhook: Issued, settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = []
    client, one = back_office(root), f"{HOOKS}{webhook.endpoint.pk}/"
    assert client.get(HOOKS).status_code == 200
    assert client.get(f"{one}change/").status_code == 200
    client.post(f"{one}remove/")
    assert not Endpoint.objects.exists()
