"""For whom the system acts, and what led it there."""

import hmac
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from structlog.contextvars import bound_contextvars

from accounts.models import SYSTEM_ID, User
from audit import writers
from audit.actions import Action
from audit.causes import because_of, going_on_with
from audit.evidence.story import story
from audit.models import Leaf, Record
from audit.seal.entries import entry_of
from audit.seal.sealing import seal
from audit.seal.verification import verify
from audit.services import record
from banking.gateways.base import Patience
from banking.models import AskBudget
from ledger.services import imports
from tests.bank import Bank
from tests.ledger.files import CASH_IN, TODAY, upload
from tests.transactions.bodies import TRANSACTIONS, transfer
from tests.transactions.bodies import arrives as money_arrives
from tests.transactions.desk import arrives, in_review, recorded
from transactions.services.review import Correction, reopen
from transactions.services.verify import ask_bank

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def newest(action: Action) -> Record:
    return Record.objects.filter(action=action).latest("id")


def told(row: Record) -> tuple[Any, ...]:
    return row.actor_id, row.on_behalf_of, row.caused_by, row.request_id, row.via


def by_a_worker(transaction_id: Any, *, rung_by: str) -> None:
    """As Celery runs it: the message brought the words of whoever rang first."""
    words = {"request_id": rung_by, "via": "token", "person": str(SYSTEM_ID)}
    AskBudget.objects.all().delete()
    with bound_contextvars(**words, task_id="7f3c"):
        ask_bank(
            transaction_id=transaction_id, patience=Patience.WORKER, is_urgent=True
        )


def test_a_worker_acts_for_who_recorded_and_not_for_who_rang(
    api: Any, ana: User, bank: Bank
) -> None:
    sent = api(ana).post(
        f"{TRANSACTIONS}/full-reference",
        transfer(),
        format="json",
        HTTP_X_REQUEST_ID="till-3-0001",
    )
    began = newest(Action.TRANSACTION_RECORDED)
    assert told(began) == (ana.pk, None, None, "till-3-0001", "token")
    money_arrives(bank, transfer())
    by_a_worker(sent.json()["id"], rung_by="till-9-9999")
    moved = newest(Action.TRANSACTION_MOVED)
    assert told(moved) == (SYSTEM_ID, ana.pk, began.pk, "till-3-0001", "task")


def test_what_follows_a_correction_is_done_for_who_corrected(
    ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    reopen(
        transaction_id=row.pk,
        actor=ruben,
        correction=Correction(amount=Decimal("2350.74")),
        reason="Un dígito",
    )
    led = newest(Action.TRANSACTION_MOVED)
    seen = ("transaction", row.pk)
    record(Action.PERSONAL_DATA_SEEN, actor_id=ana.pk, subject=seen)
    by_a_worker(row.pk, rung_by="till-9-9999")
    moved = newest(Action.TRANSACTION_MOVED)
    assert (moved.on_behalf_of, moved.caused_by) == (ruben.pk, led.pk)


def test_in_a_request_the_system_acts_for_who_asks(
    api: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = recorded(ana)
    arrives(bank)
    url = f"{TRANSACTIONS}/{row.pk}/refresh"
    done = api(ruben).post(url, HTTP_X_REQUEST_ID="desk-0001")
    assert done.status_code == 200, done.content
    moved = newest(Action.TRANSACTION_MOVED)
    assert told(moved) == (SYSTEM_ID, ruben.pk, None, "desk-0001", "token")


def test_an_import_is_booked_for_who_confirmed_it(person: Any) -> None:
    cora = person("cora", "bookkeeper")
    with bound_contextvars(request_id="desk-0002", via="session", person=str(cora.pk)):
        found = upload(cora, CASH_IN)
        imports.confirm(import_id=found.pk, actor=cora)
    led = newest(Action.IMPORT_CONFIRMED)
    assert told(led) == (cora.pk, None, None, "desk-0002", "session")
    with bound_contextvars(task_id="7f3c"):
        imports.book(import_id=found.pk, today=TODAY)
    done = newest(Action.IMPORT_BOOKED)
    assert told(done) == (SYSTEM_ID, cora.pk, led.pk, "desk-0002", "task")
    posted = newest(Action.BATCH_POSTED)
    assert told(posted) == (cora.pk, None, led.pk, "desk-0002", "task")


def test_what_a_sealed_record_led_to_names_it_and_nobody() -> None:
    record(Action.EXPORTED, actor_id=None)
    seal()
    leaf = Leaf.objects.get()
    with bound_contextvars(task_id="7f3c", request_id="another-one"):
        with because_of(leaf.number):
            record(Action.ENDPOINT_DISABLED, actor_id=SYSTEM_ID)
        record(Action.HOLD_EXPIRED, actor_id=SYSTEM_ID)
    caused, clock = Record.objects.order_by("id")[1:]
    assert told(caused) == (SYSTEM_ID, None, leaf.record_id, "7f3c", "task")
    # What the clock does has no cause in the journal, and nobody asked for it.
    assert told(clock) == (SYSTEM_ID, None, None, "7f3c", "task")


@pytest.fixture
def caused(ana: User) -> Record:
    """A record of the system, not sealed yet, that says for whom and why."""
    subject = ("transaction", "a")
    record(Action.TRANSACTION_RECORDED, actor_id=ana.pk, subject=subject)
    with going_on_with(subject, [Action.TRANSACTION_RECORDED]):
        record(Action.TRANSACTION_MOVED, actor_id=SYSTEM_ID, subject=subject)
    return newest(Action.TRANSACTION_MOVED)


def findings() -> list[str]:
    return [str(each) for each in verify().findings]


EDITS = [
    "on_behalf_of = NULL",
    "on_behalf_of = gen_random_uuid()",
    "caused_by = NULL",
    "caused_by = caused_by + 1",
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_before_the_seal_is_named(
    caused: Record, superuser: Any, edit: str
) -> None:
    superuser(f"UPDATE audit_record SET {edit} WHERE id = {caused.pk}")
    seal()
    assert findings() == [f"forged: record {caused.pk} (the writer's MAC)"]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_after_the_seal_is_named(
    caused: Record, superuser: Any, edit: str
) -> None:
    seal()
    assert findings() == []
    superuser(f"UPDATE audit_record SET {edit} WHERE id = {caused.pk}")
    assert findings() == [f"altered: record {caused.pk} ({edit.split()[0]})"]


def test_records_from_before_go_on_to_verify_and_cannot_be_given_a_cause(
    superuser: Any,
) -> None:
    """As the programs of before wrote and sealed them."""
    said = {"action": "transactions.exported", "actor": None, "facts": "{}"}
    said |= {"request": "till-3", "subject": "", "subject_type": "", "via": "token"}
    said |= {"version": None}
    nonce = bytes(8)
    words = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    tag = hmac.digest(writers.keys()[0], nonce + words, "sha256")[:16]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_record (action, facts, request_id, subject_id,"
            " subject_type, via, mac) VALUES (%s, '{}', 'till-3', '', '', 'token', %s)",
            [said["action"], nonce + tag],
        )
    seal()
    old = Record.objects.get()
    entry = json.loads(bytes(Leaf.objects.get().entry))
    assert entry == said | {
        "at": old.at.isoformat(timespec="microseconds"),
        "epoch": 0,
        "id": old.pk,
        "mac": (nonce + tag).hex(),
        "xid": old.xid,
    }
    assert bytes(Leaf.objects.get().entry) == entry_of(old)
    assert findings() == []
    superuser(f"UPDATE audit_record SET caused_by = 1 WHERE id = {old.pk}")
    assert findings() == [f"altered: record {old.pk} (caused_by)"]


def test_the_page_and_the_story_say_it(
    caused: Record, back_office: Any, aldo: User
) -> None:
    client = back_office(aldo)
    page = client.get(f"/admin/audit/record/{caused.pk}/change/").content.decode()
    assert "en nombre de" in page
    assert "Ana" in page
    assert f"/admin/audit/record/{caused.caused_by}/change/" in page
    page = client.get("/admin/audit/record/story/", {"subject": "a"}).content.decode()
    assert "en nombre de Ana" in page
    [said] = story([entry_of(caused)])
    assert said.sentences["en"].endswith("The system did it on behalf of Ana.")
    assert said.sentences["es"].endswith("Lo hizo el sistema en nombre de Ana.")
