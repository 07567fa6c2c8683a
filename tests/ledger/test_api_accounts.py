"""Accounts opened, frozen and released over the API."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts import roles
from accounts.models import User
from audit.models import Record
from ledger.models import Account, Balance, Closure
from ledger.services.accounts import close
from ledger.services.holds import hold
from ledger.services.proof import findings
from tests.ledger.bodies import (
    BATCH,
    LEDGER,
    TRANSFERS,
    body,
    code_of,
    outcomes,
    send,
)
from tests.ledger.books import TRANSIT, amount_of, customer, posting
from tests.ledger.test_api_entries import HOLDS, entry
from tests.ledger.test_api_entries import hold as promised

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ACCOUNTS = f"{LEDGER}/accounts"
WHY = {"reason": "Reclamo abierto"}
NOT_CLOSABLE = (422, "ACCOUNT_NOT_CLOSABLE")


@pytest.fixture
def client(api: Any, person: Any) -> Any:
    """The bookkeeper's."""
    return api(person("berta", "bookkeeper"))


def new(**given: Any) -> dict[str, Any]:
    return {"number": "2100", "currency": "VES", "owner_id": str(uuid4()), **given}


OWNED = [
    ("2100", "liability", "customer"),
    ("1130", "asset", "bank_account"),
    ("2300", "liability", "fund"),
]


@pytest.mark.parametrize(("number", "kind", "owner"), OWNED)
def test_an_account_is_opened_once_below_its_heading(
    client: Any, number: str, kind: str, owner: str
) -> None:
    wanted = new(number=number, currency="USD")
    first, again = send(client, ACCOUNTS, wanted), send(client, ACCOUNTS, wanted)
    assert (first.status_code, again.status_code) == (201, 200)
    opened = first.json()
    assert opened == again.json()
    assert opened["code"] == f"{number}-USD-{wanted['owner_id']}"
    assert (opened["kind"], opened["owner_type"]) == (kind, owner)
    assert opened["parent_id"] == str(Account.objects.get(code=f"{number}-USD").pk)
    one = f"{ACCOUNTS}/{opened['id']}"
    assert client.get(f"{one}/balance").json()["amount"] == "0.00"
    told = Record.objects.filter(subject_id=opened["id"])
    assert [each.action for each in told] == ["ledger.account_opened"]
    code, other = opened["code"], "1110-USD"
    up, down = (code, other) if kind == "asset" else (other, code)
    below = send(client, TRANSFERS, body(down, up, currency="USD"))
    assert code_of(below) == (422, "INSUFFICIENT_FUNDS")
    for pair in ((up, down), (down, up)):
        assert send(client, TRANSFERS, body(*pair, currency="USD")).status_code == 201
    assert send(client, f"{one}/close", WHY).status_code == 200
    assert findings() == []


def test_what_an_account_was_opened_with_stays(client: Any) -> None:
    wanted = new(metadata={"banco": "0134", "alias": "Nómina"})
    opened = send(client, ACCOUNTS, wanted).json()
    assert opened["metadata"] == wanted["metadata"]
    again = send(client, ACCOUNTS, {**wanted, "metadata": {"alias": "Otra"}})
    assert (again.status_code, again.json()) == (200, opened)
    rows = Account.objects.filter(pk=opened["id"])
    with pytest.raises(IntegrityError), atomic():
        rows.update(metadata={})
    for wrong in ({"a": 1}, {"a": {"b": "c"}}, ["a"], {"a": "x" * 501}):
        answer = send(client, ACCOUNTS, new(metadata=wrong))
        assert code_of(answer) == (400, "VALIDATION_ERROR")


def test_nothing_is_opened_where_there_is_no_heading(client: Any) -> None:
    for number in ("1110", "2190", "9999"):
        answer = send(client, ACCOUNTS, new(number=number))
        assert code_of(answer) == (422, "NO_SUCH_HEADING")
        assert "2100" in answer.json()["error"]["message"]
    for wrong in (
        {"number": 2100.5},
        {"number": "21\n00"},
        {"currency": "XXX"},
        {"owner_id": "María"},
        {"owner_id": None},
    ):
        answer = send(client, ACCOUNTS, new(**wrong))
        assert code_of(answer) == (400, "VALIDATION_ERROR")
    assert not Account.objects.filter(owner_id__isnull=False).exists()


def test_a_frozen_account_stands_still_until_it_is_released(client: Any) -> None:
    ana = customer("ana")
    for _ in range(2):
        answer = send(client, f"{ACCOUNTS}/{ana}/freeze", WHY)
        assert (answer.status_code, answer.json()["is_frozen"]) == (200, True)
    answer = send(client, TRANSFERS, body(TRANSIT, ana))
    assert code_of(answer) == (422, "ACCOUNT_FROZEN")
    answer = send(client, f"{ACCOUNTS}/{ana}/release", WHY)
    assert (answer.status_code, answer.json()["is_frozen"]) == (200, False)
    assert send(client, TRANSFERS, body(TRANSIT, ana)).status_code == 201
    told = Record.objects.filter(subject_id=str(ana)).order_by("id")
    assert [each.action for each in told] == [
        "ledger.account_opened",
        "ledger.account_frozen",
        "ledger.account_released",
    ]


def test_an_empty_account_is_closed_for_good(client: Any) -> None:
    ana = customer("ana")
    one = body(TRANSIT, ana, "1.00")
    send(client, TRANSFERS, one)
    assert code_of(send(client, f"{ACCOUNTS}/{ana}/close", WHY)) == NOT_CLOSABLE
    send(client, TRANSFERS, body(ana, TRANSIT, "1.00"))
    for _ in range(2):
        answer = send(client, f"{ACCOUNTS}/{ana}/close", WHY)
        assert (answer.status_code, answer.json()["is_frozen"]) == (200, True)
    shown = client.get(f"{ACCOUNTS}/{ana}").json()
    closed_at = datetime.fromisoformat(shown["closed_at"])
    assert closed_at == Closure.objects.get(pk=ana).at
    listed = client.get(ACCOUNTS, {"code": shown["code"]}).json()["items"]
    assert listed == [shown]
    assert client.get(f"{ACCOUNTS}/{TRANSIT}").json()["closed_at"] is None
    answer = send(client, f"{ACCOUNTS}/{ana}/release", WHY)
    assert code_of(answer) == (422, "ACCOUNT_CLOSED")
    assert send(client, TRANSFERS, one).status_code == 200
    told = Record.objects.filter(subject_id=str(ana)).order_by("id")
    assert [each.action for each in told][1:] == [
        "ledger.account_frozen",
        "ledger.account_closed",
    ]
    assert findings() == []


def test_who_posts_to_a_closed_account_is_told_that_waiting_is_no_help(
    client: Any,
) -> None:
    """A frozen account may move again; a closed one never does, frozen though it is."""
    closed, frozen, luis = customer("ana"), customer("beto"), customer("luis")
    before = body(TRANSIT, closed, "1.00")
    send(client, TRANSFERS, before)
    send(client, TRANSFERS, body(closed, TRANSIT, "1.00"))
    # It would come from outside, so it does not stand against the closing.
    held = promised(TRANSIT, closed)
    assert send(client, HOLDS, held).status_code == 201
    assert send(client, f"{ACCOUNTS}/{closed}/close", WHY).status_code == 200
    assert send(client, f"{ACCOUNTS}/{frozen}/freeze", WHY).status_code == 200
    rows = [
        body(TRANSIT, closed),
        body(closed, frozen),
        body(frozen, TRANSIT),
        body(TRANSIT, closed, effective="2026-10-31"),
        {**body(TRANSIT, luis), "linked": True},
        body(closed, TRANSIT),
        body(TRANSIT, luis, "3.00"),
    ]
    said = ["closed", "closed", "frozen", "closed", "linked_failed", "closed", "posted"]
    for _ in range(2):
        assert outcomes(send(client, BATCH, {"transfers": rows})) == said
        said[-1] = "already_posted"
    legs = [(TRANSIT, "debit", "2"), (luis, "credit", "1"), (closed, "credit", "1")]
    back = f"{LEDGER}/entries/{before['key']}/reverse"
    for path, sent in (
        *((TRANSFERS, row) for row in rows[:2]),
        (f"{LEDGER}/entries", entry(*legs)),
        (back, {"key": str(uuid4()), **WHY}),
        *((HOLDS, promised(*pair)) for pair in ((TRANSIT, closed), (closed, frozen))),
        (f"{HOLDS}/{held['key']}/post", {"key": str(uuid4())}),
    ):
        assert code_of(send(client, path, sent)) == (422, "ACCOUNT_CLOSED"), path
    only_frozen = send(client, HOLDS, promised(TRANSIT, frozen))
    assert code_of(only_frozen) == (422, "ACCOUNT_FROZEN")
    assert client.get(f"{HOLDS}/{held['key']}").json()["state"] == "open"
    assert amount_of(luis) == 300
    assert findings() == []


def test_what_the_clinic_needs_or_has_promised_is_not_closed(
    client: Any, root: User
) -> None:
    assert code_of(send(client, f"{ACCOUNTS}/{TRANSIT}/close", WHY)) == NOT_CLOSABLE
    ana = customer("ana")
    send(client, TRANSFERS, body(TRANSIT, ana, "1.00"))
    later = timezone.now() + timedelta(hours=1)
    hold(
        posting=posting(ana, TRANSIT, "1.00"),
        expires_at=later,
        actor=root,
        now=timezone.now(),
        is_dated=True,
    )
    assert code_of(send(client, f"{ACCOUNTS}/{ana}/close", WHY)) == NOT_CLOSABLE
    assert not Closure.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_balance SET is_frozen = false WHERE is_frozen",
        "UPDATE ledger_closure SET reason = ''",
        "DELETE FROM ledger_closure",
        "TRUNCATE ledger_closure",
    ],
)
def test_the_database_keeps_closed_what_is_closed(root: User, change: str) -> None:
    close(account_id=customer("ana"), actor=root, reason="Se mudó")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused = pytest.raises(IntegrityError, match="append-only|closed")
        with refused, atomic():
            cursor.execute(change)


@pytest.mark.parametrize("verb", ["freeze", "release", "close"])
def test_no_account_and_no_reason_are_refused(client: Any, verb: str) -> None:
    ana = customer("ana")
    for name in (uuid4(), "x", Account.objects.get(code="2100-VES").pk):
        answer = send(client, f"{ACCOUNTS}/{name}/{verb}", WHY)
        assert code_of(answer) == (404, "ACCOUNT_NOT_FOUND")
    for reason in ({}, {"reason": ""}, {"reason": 1}, {"reason": "x" * 501}):
        answer = send(client, f"{ACCOUNTS}/{ana}/{verb}", reason)
        assert code_of(answer) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role_by_every_change(api: Any, person: Any, role: str) -> None:
    ana, client = customer("ana"), api(person("paula", role))
    before = (Account.objects.count(), Balance.objects.filter(is_frozen=True).count())
    answers = [
        send(client, ACCOUNTS, new()),
        send(client, f"{ACCOUNTS}/{ana}/freeze", WHY),
        send(client, f"{ACCOUNTS}/{ana}/release", WHY),
        send(client, f"{ACCOUNTS}/{ana}/close", WHY),
    ]
    if role in {"bookkeeper", "admin"}:
        assert [each.status_code for each in answers] == [201, 200, 200, 200]
        return
    assert {code_of(each) for each in answers} == {(403, "FORBIDDEN")}
    after = (Account.objects.count(), Balance.objects.filter(is_frozen=True).count())
    assert after == before


def test_an_idempotency_key_opens_and_freezes_once(client: Any, root: User) -> None:
    first = send(client, ACCOUNTS, new(), key="k")
    assert send(client, ACCOUNTS, new(), key="k").status_code == 422
    pk = first.json()["id"]
    frozen = send(client, f"{ACCOUNTS}/{pk}/freeze", WHY, key="f")
    again = send(client, f"{ACCOUNTS}/{pk}/freeze", WHY, key="f")
    assert frozen.content == again.content
    assert again["Idempotent-Replayed"] == "true"
