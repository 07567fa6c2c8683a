"""From a sealed record to somebody else's server, whatever that does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from accounts.models import User
from accounts.services import letters
from audit.actions import Action
from audit.consumers import consume
from audit.models import Leaf, Record
from audit.services import record
from notifications.figures import figures
from notifications.models import Delivery, Endpoint
from notifications.schedule import GIVEN_UP_AFTER, wait_after
from notifications.services import deliveries, endpoints, news, sending
from notifications.services.endpoints import Issued
from notifications.services.sending import send_due
from tests.audit.sealed import seal_all
from tests.journaled import staged
from tests.notifications.conftest import subscribe
from tests.notifications.receiver import Receiver, started
from tests.together import together
from tests.transactions.bodies import claim
from transactions.services.submit import submit
from transactions.services.withdraw import withdraw

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

ROOT = Path(__file__).resolve().parents[2]


def moved(*subjects: str, became: str = "COMPLETED") -> None:
    """Sealed and written down as deliveries: a step of each of these."""
    with atomic():
        for subject in subjects:
            record(
                Action.TRANSACTION_MOVED,
                actor_id=None,
                subject=("transaction", subject),
                facts={"became": became, "was": "IN_PROGRESS", "note": "Ana Pérez"},
            )
    seal_all()
    consume(news.CONSUMER)


def come_due() -> None:
    """Let every wait be over, and every lease."""
    Delivery.objects.update(due_at=F("created_at"), leased_until=None)


def ids(receiver: Receiver) -> list[str]:
    return [json.loads(message.body)["data"]["id"] for message in receiver.got]


def test_a_claim_is_told_from_its_recording_to_its_end(
    receiver: Receiver, webhook: Issued, ana: User
) -> None:
    asked = claim(amount=Decimal("417.28"))
    row = submit(author=ana, claim=asked, now=timezone.now()).transaction
    withdraw(transaction_id=row.pk, actor=ana, reason="Se equivocó Pérez")
    seal_all()
    consume(news.CONSUMER)
    assert send_due() == 2
    first, second = (json.loads(message.body) for message in receiver.got)
    leaf = Leaf.objects.earliest("number").number
    assert first["type"] == "transaction.recorded"
    assert first["data"] == {
        "id": str(row.pk),
        "state": "IN_PROGRESS",
        "type": row.type,
        "amount": "417.28",
        "currency": "VES",
        "sequence": first["data"]["sequence"],
    }
    assert second["type"] == "transaction.canceled"
    assert second["data"] == {
        "id": str(row.pk),
        "state": "CANCELED",
        "previous_state": "IN_PROGRESS",
        "reason": "WITHDRAWN",
        "amount": "417.28",
        "currency": "VES",
        "sequence": second["data"]["sequence"],
    }
    assert leaf <= first["data"]["sequence"] < second["data"]["sequence"]
    for message in receiver.got:
        assert row.customer_full_name.encode() not in message.body
        assert b"rez" not in message.body


def test_a_receiver_verifies_with_the_public_library(
    receiver: Receiver, webhook: Issued
) -> None:
    moved("a")
    send_due()
    (message,) = receiver.got
    told = Webhook(webhook.secret).verify(message.body, message.headers)
    assert told["data"]["state"] == "COMPLETED"
    assert "note" not in told["data"]
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook.secret).verify(message.body + b" ", message.headers)
    other = subscribe(webhook.endpoint.created_by, receiver.url)
    with pytest.raises(WebhookVerificationError):
        Webhook(other.secret).verify(message.body, message.headers)
    assert message.headers["Content-Type"] == "application/json"
    # The id is the leaf's own hash, so that a proof can be asked for.
    leaf = Leaf.objects.get(number=told["data"]["sequence"])
    assert message.headers["webhook-id"] == bytes(leaf.hash).hex()


def test_while_a_rotation_lasts_either_secret_verifies(
    receiver: Receiver, webhook: Issued, root: User
) -> None:
    fresh = endpoints.rotate(actor=root, pk=webhook.endpoint.pk)
    moved("a")
    send_due()
    for secret in (webhook.secret, fresh.secret):
        Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    with staged():
        Endpoint.objects.update(old_secret_until=Now())
    moved("b")
    send_due()
    Webhook(fresh.secret).verify(receiver.got[1].body, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook.secret).verify(receiver.got[1].body, receiver.got[1].headers)


def test_only_what_is_asked_for_and_happens_from_now_on(
    receiver: Receiver, root: User
) -> None:
    moved("before")
    hook = subscribe(root, receiver.url, "transaction.completed").endpoint
    moved("a")
    moved("b", became="TO_REVIEW")
    endpoints.disable(actor=root, pk=hook.pk)
    moved("c")
    endpoints.enable(actor=root, pk=hook.pk)
    moved("d")
    come_due()
    send_due()
    assert ids(receiver) == ["d"]
    # What waited when it was disabled is a dead letter, to be sent again by hand.
    assert Delivery.objects.dead().get().subject_id == "a"
    assert deliveries.replay_all(actor=root, pk=hook.pk) == 1
    send_due()
    assert ids(receiver) == ["d", "a"]


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ("500", 500, ""),
        ("404", 404, ""),
        ("redirect", 302, ""),
        ("dies", None, "unreachable"),
        ("drips", None, "timeout"),
        ("hangs", None, "timeout"),
    ],
)
def test_what_is_not_taken_is_sent_again(
    receiver: Receiver,
    webhook: Issued,
    hurried: Callable[[float], None],
    answer: str,
    status: int | None,
    error: str,
) -> None:
    if error == "timeout":
        hurried(0.5)
    receiver.answers = [answer]
    moved("a")
    assert (send_due(), send_due()) == (1, 0)
    row = Delivery.objects.get()
    assert (row.attempts, row.last_status, row.last_error) == (1, status, error)
    assert (row.delivered_at, row.dead_at, row.leased_until) == (None, None, None)
    assert row.due_at > timezone.now()
    hurried(10)
    come_due()
    send_due()
    row.refresh_from_db()
    assert (row.attempts, row.last_status, row.last_error) == (2, 200, "")
    assert row.delivered_at is not None
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    # A redirect was not followed.
    assert {message.path for message in receiver.got} == {"/in"}


def test_a_huge_answer_is_not_read(receiver: Receiver, webhook: Issued) -> None:
    receiver.answers = ["huge"]
    moved("a")
    send_due()
    assert Delivery.objects.get().last_status == 200


@contextmanager
def held_port() -> Iterator[int]:
    """A port that stays ours while nobody listens on it.

    Taken before anybody does: later the kernel refuses it.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_a_receiver_that_was_away_gets_all_of_it(root: User) -> None:
    with held_port() as port:
        with started(port) as receiver:
            subscribe(root, receiver.url)
        moved("a", "b", "a")
        assert send_due() == 2
        assert {row.last_error for row in Delivery.objects.filter(attempts=1)} == {
            "unreachable"
        }
        with started(port) as receiver:
            come_due()
            assert send_due() == 3
            assert sorted(ids(receiver)) == ["a", "a", "b"]
    assert not Delivery.objects.waiting().exists()
    assert Endpoint.objects.get().failing_since is None


def test_a_later_event_of_the_same_subject_does_not_overtake(
    receiver: Receiver, webhook: Issued
) -> None:
    receiver.answers = ["500"]
    moved("a", became="TO_REVIEW")
    moved("a")
    moved("b")
    assert send_due() == 2
    assert ids(receiver) == ["a", "b"]
    come_due()
    send_due()
    told = [json.loads(message.body) for message in receiver.got]
    assert [(each["data"]["id"], each["data"]["state"]) for each in told] == [
        ("a", "TO_REVIEW"),
        ("b", "COMPLETED"),
        ("a", "TO_REVIEW"),
        ("a", "COMPLETED"),
    ]


def test_one_that_fails_holds_up_no_other_webhook(
    receiver: Receiver, webhook: Issued, root: User
) -> None:
    with started() as other:
        subscribe(root, other.url)
        receiver.answers = ["500"] * 9
        moved("a", "b", "c")
        assert send_due() == 6
        assert ids(other) == ["a", "b", "c"]


def test_a_slow_receiver_takes_two_threads_and_no_more(
    receiver: Receiver, webhook: Issued, root: User
) -> None:
    receiver.answers = ["hangs"] * 9
    moved(*"abcdef")

    def let_them_answer() -> int:
        end = time.monotonic() + 20
        while len(receiver.got) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.3)
        at_once = len(receiver.got)
        receiver.may_answer.set()
        return at_once

    *_, at_once = together(send_due, send_due, send_due, send_due, let_them_answer)
    assert at_once == 2
    send_due()
    assert sorted(ids(receiver)) == list("abcdef")


def test_two_workers_send_each_once(receiver: Receiver, webhook: Issued) -> None:
    moved(*map(str, range(30)))
    assert sum(together(send_due, send_due)) == 30
    assert sorted(map(int, ids(receiver))) == list(range(30))


def start_worker() -> subprocess.Popen[bytes]:
    given = connection.settings_dict
    port, host = given["PORT"], given["HOST"]
    address = f"{given['USER']}:{given['PASSWORD']}@{host}:{port}/{given['NAME']}"
    program = (
        "import django; django.setup();"
        "from notifications.services.sending import send_due; send_due()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"postgres://{address}",
            "WEBHOOK_PRIVATE_HOSTS": "127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "areamedica.settings.test",
        },
    )


def test_killed_between_sending_and_noting_it_is_sent_again(
    receiver: Receiver, webhook: Issued
) -> None:
    receiver.answers = ["hangs"]
    moved("a")
    worker = start_worker()
    end = time.monotonic() + 60
    while not receiver.got and time.monotonic() < end:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    receiver.may_answer.set()
    row = Delivery.objects.get()
    assert (row.attempts, row.delivered_at) == (1, None)
    # Its lease has not run out yet, so nobody else sends it meanwhile.
    assert send_due() == 0
    come_due()
    assert send_due() == 1
    assert len({message.headers["webhook-id"] for message in receiver.got}) == 1
    assert len(receiver.got) == 2


def test_an_answer_that_comes_after_its_lease_changes_nothing(
    receiver: Receiver, webhook: Issued
) -> None:
    moved("a")
    late = sending._take()
    assert late is not None
    come_due()
    send_due()
    sending.note(late, sending.Answer(status=500))
    row = Delivery.objects.get()
    assert (row.attempts, row.last_status) == (2, 200)


def test_waits_grow_for_three_days_then_it_is_given_up(
    receiver: Receiver, webhook: Issued, root: User
) -> None:
    waits = [wait_after(number) for number in range(1, 30)]
    for wait, middle in zip(waits, [5, 15, 45, 135, 405], strict=False):
        assert abs(wait.total_seconds() - middle) <= middle / 5
    assert max(waits) <= timedelta(hours=12) * 1.2
    receiver.answers = ["500"] * 3
    moved("a")
    send_due()
    Delivery.objects.update(give_up_at=Now())
    come_due()
    send_due()
    row = Delivery.objects.get()
    assert row.dead_at is not None
    come_due()
    assert send_due() == 0
    again = deliveries.replay(actor=root, pk=row.endpoint_id, delivery_id=row.pk)
    assert again.give_up_at - timezone.now() > GIVEN_UP_AFTER - timedelta(minutes=1)
    receiver.answers = []
    assert send_due() == 1
    row.refresh_from_db()
    assert (row.delivered_at is None, row.dead_at) == (False, None)
    noted = Record.objects.get(action="notifications.delivery_replayed")
    assert noted.facts == f'{{"events":["{row.event_id}"]}}'


def disabled(why: str) -> None:
    hook = Endpoint.objects.get()
    assert hook.disabled_why == why
    assert not Delivery.objects.waiting().exists()
    assert Record.objects.filter(action="notifications.endpoint_disabled").count() == 1
    letters.send_due()
    assert [letter.to for letter in mail.outbox] == [["root@clinica.test"]]


def test_a_receiver_that_says_it_is_gone_is_believed(
    receiver: Receiver, webhook: Issued, ana: User
) -> None:
    receiver.answers = ["410"]
    moved("a", "b")
    send_due()
    led = Leaf.objects.get(number=Delivery.objects.get(subject_id="a").leaf)
    disabled("gone")
    noted = Record.objects.get(action="notifications.endpoint_disabled")
    assert (noted.caused_by, noted.on_behalf_of) == (led.record_id, None)
    assert len(receiver.got) == 1


def test_three_days_without_one_taken_disable_it(
    receiver: Receiver, webhook: Issued, ana: User
) -> None:
    receiver.answers = ["500"] * 2
    moved("a", "b")
    send_due()
    Endpoint.objects.update(failing_since=Now() - timedelta(days=3, minutes=1))
    come_due()
    receiver.answers = ["500"]
    send_due()
    disabled("failing")
    assert figures()["webhooks_disabled_by_us"][1] == 1


def test_one_that_is_taken_ends_the_failing(
    receiver: Receiver, webhook: Issued
) -> None:
    receiver.answers = ["500"]
    moved("a", "b")
    send_due()
    assert Endpoint.objects.get().failing_since is None
    waiting = figures()["webhook_deliveries_waiting"][1]
    assert waiting == 1


def test_a_secret_is_no_plain_text_in_the_database(webhook: Issued) -> None:
    assert webhook.secret.startswith("whsec_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM notifications_endpoint t")
        (row,) = cursor.fetchone()
        cursor.execute("SELECT string_agg(t::text, '') FROM audit_record t")
        (journal,) = cursor.fetchone()
    assert webhook.secret.removeprefix("whsec_") not in row + journal
    assert "/in" not in journal


def test_a_key_that_is_lost_stops_one_webhook_and_no_more(
    receiver: Receiver, webhook: Issued, root: User, settings: Any
) -> None:
    settings.WEBHOOK_KEYS = ["another"]
    subscribe(root, receiver.url)
    moved("a")
    send_due()
    assert len(receiver.got) == 1
    assert Delivery.objects.get(last_error="secret_unreadable").attempts == 1


def test_what_is_old_and_done_is_forgotten(receiver: Receiver, webhook: Issued) -> None:
    moved("a")
    send_due()
    moved("b")
    Delivery.objects.update(created_at=Now() - timedelta(days=31))
    assert sending.forget_old() == 1
    assert Delivery.objects.get().subject_id == "b"
