"""`/api/v1/webhooks`: what a manager's program does, and nobody else's."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts import roles
from accounts.models import User
from audit.models import Record
from notifications.models import Delivery, Endpoint
from notifications.services.endpoints import Issued
from notifications.services.sending import send_due
from tests.notifications.receiver import Receiver

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HOOKS = "/api/v1/webhooks"
BODY = {
    "name": "HIS",
    "url": "https://his.example.com/in?token=secreto",
    "event_types": ["transaction.completed"],
}


def a_delivery(hook: Endpoint, **fields: Any) -> Delivery:
    return Delivery.objects.create(
        **{
            "endpoint": hook,
            "event_id": "e" * 64,
            "type": "transaction.completed",
            "body": "{}",
            "give_up_at": Now(),
            **fields,
        }
    )


OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "list": ("get", "", None),
    "create": ("post", "", BODY),
    "read": ("get", "/{id}", None),
    "change": ("patch", "/{id}", {"name": "Otro"}),
    "rotate": ("post", "/{id}/rotate-secret", None),
    "test": ("post", "/{id}/test", None),
    "deliveries": ("get", "/{id}/deliveries", None),
    "replay": ("post", "/{id}/deliveries/{delivery}/replay", None),
    "replay all": ("post", "/{id}/replay", None),
    "delete": ("delete", "/{id}", None),
}


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role_by_every_operation(
    api: Any, person: Any, webhook: Issued, role: str
) -> None:
    dead = a_delivery(webhook.endpoint, dead_at=Now())
    client = api(person("paula", role))
    for method, path, body in OPERATIONS.values():
        before = Record.objects.count()
        url = HOOKS + path.format(id=webhook.endpoint.pk, delivery=dead.pk)
        answer = getattr(client, method)(url, body, format="json")
        assert (answer.status_code < 300) is (role == "admin"), (path, answer.content)
        if role != "admin":
            assert answer.json()["error"]["code"] == "FORBIDDEN"
            assert Record.objects.count() == before + 1
    assert Endpoint.objects.filter(pk=webhook.endpoint.pk).exists() is (role != "admin")


def test_a_stranger_is_asked_who_he_is(api: Any, webhook: Issued) -> None:
    assert api(None).get(HOOKS).status_code == 401


def test_the_secret_is_in_one_answer_alone(api: Any, root: User) -> None:
    client = api(root)
    once = {"HTTP_IDEMPOTENCY_KEY": "k-1"}
    made = client.post(HOOKS, BODY, format="json", **once)
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    again = client.post(HOOKS, BODY, format="json", **once)
    assert (again.status_code, again.json()["secret"]) == (201, None)
    assert again.json()["id"] == made.json()["id"]
    assert "secret" not in client.get(f"{HOOKS}/{made.json()['id']}").json()
    assert "secret" not in client.get(HOOKS).json()["items"][0]
    with connection.cursor() as cursor:
        for table in ("api_storedanswer", "audit_record", "notifications_endpoint"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")
            kept = cursor.fetchone()[0]
            assert secret not in kept
            assert ("secreto" in kept) is (table != "audit_record")


def test_its_whole_life(
    api: Any, root: User, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    client = api(root)
    made = client.post(HOOKS, {**BODY, "url": receiver.url}, format="json").json()
    one = f"{HOOKS}/{made['id']}"
    sent = client.post(f"{one}/test", format="json")
    assert (sent.status_code, sent.json()["type"]) == (202, "webhook.test")
    send_due()
    assert json.loads(receiver.got[0].body)["data"] == {"id": made["id"]}
    listed = client.get(f"{one}/deliveries", {"state": "delivered"}).json()
    assert [row["last_status"] for row in listed["items"]] == [200]
    changed = client.patch(one, {"name": "X-1", "is_enabled": False}, format="json")
    assert changed.json()["name"] == "X-1"
    assert changed.json()["disabled_why"] == "by_hand"
    refused = client.post(f"{one}/test", format="json")
    assert refused.json()["error"]["code"] == "WEBHOOK_DISABLED"
    assert client.patch(one, {"is_enabled": True}, format="json").json()["is_enabled"]
    fresh = client.post(f"{one}/rotate-secret", format="json").json()
    assert fresh["secret"] not in (None, made["secret"])
    assert client.delete(one).status_code == 204
    assert client.get(one).json()["error"]["code"] == "WEBHOOK_NOT_FOUND"
    done = Record.objects.filter(subject_id=made["id"]).order_by("pk")
    assert [each.action.partition(".")[2] for each in done] == [
        "endpoint_created",
        "endpoint_changed",
        "endpoint_disabled",
        "endpoint_changed",
        "endpoint_rotated",
        "endpoint_deleted",
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"url": "http://his.example.com/"}, "UNSAFE_ADDRESS"),
        ({"url": "https://169.254.169.254/latest"}, "UNSAFE_ADDRESS"),
        ({"url": "https://ana:clave@his.example.com/"}, "UNSAFE_ADDRESS"),
        ({"event_types": ["transaction.exploded"]}, "VALIDATION_ERROR"),
        ({"event_types": ["webhook.test"]}, "VALIDATION_ERROR"),
        ({"event_types": []}, "VALIDATION_ERROR"),
        ({"name": ""}, "VALIDATION_ERROR"),
    ],
)
def test_what_is_refused_leaves_nothing(
    api: Any, root: User, webhook: Issued, changes: dict[str, Any], code: str
) -> None:
    client = api(root)
    made = client.post(HOOKS, {**BODY, **changes}, format="json")
    assert (made.status_code, made.json()["error"]["code"]) == (400, code)
    one = f"{HOOKS}/{webhook.endpoint.pk}"
    changed = client.patch(one, changes, format="json")
    assert changed.json()["error"]["code"] == code
    assert Endpoint.objects.get().url == webhook.endpoint.url


def test_only_the_dead_are_sent_again(api: Any, root: User, webhook: Issued) -> None:
    client = api(root)
    hook = webhook.endpoint
    dead = a_delivery(hook, dead_at=Now(), attempts=14)
    done = a_delivery(hook, delivered_at=Now())
    one = f"{HOOKS}/{hook.pk}"

    def replay(number: object) -> str:
        answer = client.post(f"{one}/deliveries/{number}/replay", format="json")
        return str(answer.json().get("error", {}).get("code", answer.status_code))

    assert replay(dead.pk) == "202"
    assert replay(dead.pk) == "DELIVERY_NOT_DEAD"
    assert replay(done.pk) == "DELIVERY_NOT_DEAD"
    for number in (dead.pk + 1000, "x", "9" * 40, "-1"):
        assert replay(number) == "DELIVERY_NOT_FOUND"
    for nobody in (uuid4(), "x"):
        answer = client.post(f"{HOOKS}/{nobody}/replay", format="json")
        assert answer.json()["error"]["code"] == "WEBHOOK_NOT_FOUND"
    Delivery.objects.filter(pk=dead.pk).update(dead_at=Now())
    assert client.post(f"{one}/replay", format="json").json() == {"replayed": 1}


def test_deliveries_come_in_pages(api: Any, root: User, webhook: Issued) -> None:
    rows = [a_delivery(webhook.endpoint).pk for _ in range(5)]
    seen, before = [], None
    for _ in range(3):
        query = {"limit": 2, **({"before": before} if before else {})}
        url = f"{HOOKS}/{webhook.endpoint.pk}/deliveries"
        page = api(root).get(url, query).json()
        seen += [row["id"] for row in page["items"]]
        before = page["next_before"]
    assert (seen, before) == (rows[::-1], None)
