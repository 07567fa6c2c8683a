"""Attempts and looks: kept whatever is rolled back, and never a flood."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import Attempt, User
from accounts.services import access
from accounts.services.access import note_failed_sign_in, note_refusal, note_view
from areamedica.metrics import VIEWS_NOT_JOURNALED
from audit.models import Record
from tests.together import together
from tests.transactions.bodies import TRANSACTIONS, claim
from tests.transactions.desk import ADMIN
from transactions.models import Transaction
from transactions.services.submit import submit

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

SEEN, REFUSED = "accounts.personal_data_seen", "accounts.access_refused"


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    yield
    access._seen.clear()


@pytest.fixture
def row(ana: User) -> Transaction:
    return submit(author=ana, claim=claim(), now=timezone.now()).transaction


def told(action: str) -> list[Record]:
    return list(Record.objects.filter(action=action).order_by("pk"))


def test_a_refusal_inside_a_transaction_outlives_its_rollback(
    api: Any, beto: User, row: Transaction
) -> None:
    """NOT_YOURS rises inside the transaction that keeps the idempotent answer."""
    answer = api(beto).post(
        f"{TRANSACTIONS}/{row.pk}/withdraw",
        {"reason": "porque sí"},
        format="json",
        HTTP_IDEMPOTENCY_KEY="k-1",
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NOT_YOURS")
    (noted,) = told(REFUSED)
    assert noted.actor_id == beto.pk
    row.refresh_from_db()
    assert row.status == "IN_PROGRESS"


def test_whoever_would_note_it_inside_a_transaction_is_stopped(ana: User) -> None:
    """It would look noted, and a rollback would take it away."""
    with pytest.raises(RuntimeError), atomic():
        note_refusal(actor_id=ana.pk, route="x", facts={})
    with pytest.raises(RuntimeError), atomic():
        note_failed_sign_in(email="x@clinica.test", address="10.0.0.1")
    with pytest.raises(RuntimeError), atomic():
        note_view(actor_id=ana.pk, subject=("transaction", "x"))
    assert told(REFUSED) == []


def test_what_the_back_office_denies_is_journaled_too(
    back_office: Any, beto: User, row: Transaction
) -> None:
    back_office(beto).post(f"{ADMIN}{row.pk}/withdraw/", {"note": "porque sí"})
    (noted,) = told(REFUSED)
    assert '"code":"NOT_YOURS"' in noted.facts
    assert noted.actor_id == beto.pk


def test_who_knocks_for_ever_does_not_fill_the_journal(ana: User, beto: User) -> None:
    for _ in range(300):
        note_refusal(actor_id=ana.pk, route="door", facts={"code": "FORBIDDEN"})
    note_refusal(actor_id=beto.pk, route="door", facts={"code": "FORBIDDEN"})
    note_refusal(actor_id=ana.pk, route="other", facts={"code": "FORBIDDEN"})
    noted = told(REFUSED)
    assert len(noted) == 100 + 2 + 2
    assert '"times":256' in noted[101].facts


def test_who_guesses_from_one_place_does_not_either() -> None:
    for number in range(300):
        note_failed_sign_in(email=f"{number}@clinica.test", address="10.0.0.1")
    note_failed_sign_in(email="x@clinica.test", address="10.0.0.2")
    assert len(told("accounts.sign_in_failed")) == 100 + 2 + 1


def test_a_look_is_noted_once_an_hour_for_each_who_looks(
    api: Any, back_office: Any, ana: User, carla: User, row: Transaction
) -> None:
    program, pages = api(ana), back_office(ana)
    for _ in range(2):
        assert program.get(f"{TRANSACTIONS}/{row.pk}").status_code == 200
        assert program.get(f"{TRANSACTIONS}/{row.pk}/receipt").status_code == 200
        assert pages.get(f"{ADMIN}{row.pk}/change/").status_code == 200
        assert pages.get(f"{ADMIN}{row.pk}/receipt/").status_code == 200
        # Another process, which remembers nothing.
        access._seen.clear()
    (noted,) = told(SEEN)
    assert (noted.actor_id, noted.subject_type) == (ana.pk, "transaction")
    assert (noted.subject_id, noted.facts) == (str(row.pk), "{}")
    api(carla).get(f"{TRANSACTIONS}/{row.pk}")
    assert [each.actor_id for each in told(SEEN)] == [ana.pk, carla.pk]
    Attempt.objects.update(hour=F("hour") - timedelta(hours=1))
    access._seen.clear()
    program.get(f"{TRANSACTIONS}/{row.pk}")
    assert len(told(SEEN)) == 3


def test_what_shows_nobody_is_no_look(api: Any, ana: User, row: Transaction) -> None:
    program = api(ana)
    for path in ("", f"/{row.pk}/status", f"/{row.pk}/events", "/unknown"):
        program.get(f"{TRANSACTIONS}{path}")
    assert told(SEEN) == []


def test_looks_at_the_same_moment_are_one(ana: User) -> None:
    def look() -> None:
        access._append_view(ana.pk, ("transaction", "x"))

    together(*[look] * 6)
    assert len(told(SEEN)) == 1


def test_looking_goes_on_while_the_journal_cannot_be_written(
    api: Any, ana: User, row: Transaction
) -> None:
    program = api(ana)
    before = VIEWS_NOT_JOURNALED._value.get()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        answer = program.get(f"{TRANSACTIONS}/{row.pk}")
    finally:
        connection.close()
    assert (answer.status_code, answer.json()["id"]) == (200, str(row.pk))
    assert VIEWS_NOT_JOURNALED._value.get() == before + 1
    assert told(SEEN) == []
    program.get(f"{TRANSACTIONS}/{row.pk}")
    assert len(told(SEEN)) == 1


@pytest.mark.parametrize("button", ["export/?format=csv", "{row}/evidence/"])
def test_nothing_is_taken_out_of_the_house_unjournaled(
    back_office: Any, root: User, row: Transaction, button: str
) -> None:
    client = back_office(root)
    url = ADMIN + button.format(row=row.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        answer = client.post(url, {"format": "csv"})
    finally:
        connection.close()
    assert answer.status_code >= 500
    assert "Content-Disposition" not in answer.headers


def test_counts_of_hours_that_are_over_are_forgotten(ana: User) -> None:
    note_view(actor_id=ana.pk, subject=("transaction", "x"))
    assert access.forget_attempts() == 0
    Attempt.objects.update(hour=F("hour") - timedelta(hours=3))
    assert access.forget_attempts() == 1
