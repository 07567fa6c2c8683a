"""Bodies that move money say what they mean, or move nothing."""

from typing import Any
from uuid import uuid4

import pytest
from drf_spectacular.generators import SchemaGenerator

from audit.models import Record
from ledger.models import Account, Hold, Transfer
from tests.ledger.bodies import LEDGER, TRANSFERS, body, code_of, send
from tests.ledger.books import FEES, TRANSIT, amount_of, customer
from tests.ledger.test_api_entries import (
    ENTRIES,
    HOLDS,
    WHY,
    client,
    entry,
    hold,
    reversal,
)

__all__ = ["client"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]

API = "/api/v1"
OWNED = {"number": "2100", "currency": "VES"}
DOORS = {
    "transfer": TRANSFERS,
    "entry": ENTRIES,
    "reversal": f"{ENTRIES}/{{booked}}/reverse",
    "reversal, by its alias": f"{API}/transactions/{{booked}}/reverse",
    "hold": HOLDS,
    "posting of a hold": f"{HOLDS}/{{held}}/post",
    "release of a hold": f"{HOLDS}/{{held}}/void",
    "account": f"{LEDGER}/accounts",
    "account, by its alias": f"{API}/accounts",
    "freeze": f"{LEDGER}/accounts/{{empty}}/freeze",
    "release": f"{LEDGER}/accounts/{{empty}}/release",
    "close": f"{LEDGER}/accounts/{{empty}}/close",
}
KEYED = {
    **dict.fromkeys(["transfer", "entry", "reversal", "hold"], "key"),
    "posting of a hold": "key",
    "account": "owner_id",
}
ODD_KEYS = [
    1, 2**128, 5.0, True, None, [], {}, "x", "",
    "0b8a1b347f3e4c0e9a531d9d9b7f2a10",
    "urn:uuid:0b8a1b34-7f3e-4c0e-9a53-1d9d9b7f2a10",
    "{0b8a1b34-7f3e-4c0e-9a53-1d9d9b7f2a10}",
    " 0b8a1b34-7f3e-4c0e-9a53-1d9d9b7f2a10",
]  # fmt: skip


@pytest.fixture
def rows(client: Any) -> dict[str, str]:
    """A transfer, a hold and an account that the bodies are about."""
    ana = customer("ana")
    sent, held = body(TRANSIT, ana), hold(TRANSIT, FEES)
    assert send(client, TRANSFERS, sent).status_code == 201
    assert send(client, HOLDS, held).status_code == 201
    empty = str(customer("luis"))
    return {"booked": sent["key"], "held": held["key"], "empty": empty}


def good(door: str) -> dict[str, Any]:
    ana = customer("ana")
    if door.startswith("account"):
        return {**OWNED, "owner_id": str(uuid4())}
    if door.startswith("reversal"):
        return reversal()
    named: dict[str, dict[str, Any]] = {
        "transfer": body(TRANSIT, ana),
        "entry": entry((TRANSIT, "debit", "1.00"), (ana, "credit", "1.00")),
        "hold": hold(TRANSIT, ana),
        "posting of a hold": {"key": str(uuid4())},
    }
    return named.get(door, WHY)


def refused(answer: Any) -> dict[str, list[str]]:
    """The fields that are named, with why."""
    assert code_of(answer) == (400, "VALIDATION_ERROR"), answer.content
    fields: dict[str, list[str]] = answer.json()["error"]["details"]["fields"]
    return fields


def written() -> tuple[int, ...]:
    rows: list[Any] = [Transfer, Hold, Account, Record]
    return tuple(each.objects.count() for each in rows)


@pytest.mark.parametrize("door", DOORS)
def test_an_unknown_name_is_refused_in_the_same_words_everywhere(
    client: Any, rows: dict[str, str], door: str
) -> None:
    """Who misspells the amount does not mean all of it."""
    path, sent, before = DOORS[door].format(**rows), good(door), written()
    for name in ("amout", "Key", "effective_date", "foo", "", "x" * 99):
        told = refused(send(client, path, {**sent, name: "5.00"}))
        assert told == refused(send(client, TRANSFERS, {**body("", ""), name: "5.00"}))
    assert written() == before
    assert send(client, path, sent).status_code in {200, 201}


@pytest.mark.parametrize(
    ("door", "name"),
    [
        ("entry", "linked"),
        ("entry", "amount"),
        ("reversal", "effective"),
        ("hold", "metadata"),
        ("hold", "linked"),
        ("posting of a hold", "effective"),
        ("release of a hold", "key"),
        ("account", "code"),
        ("close", "amount"),
    ],
)
def test_what_other_bodies_have_is_unknown_too(
    client: Any, rows: dict[str, str], door: str, name: str
) -> None:
    before = written()
    told = send(client, DOORS[door].format(**rows), {**good(door), name: "1.00"})
    assert list(refused(told)) == [name]
    assert written() == before


def test_an_unknown_name_of_a_leg_is_refused(client: Any) -> None:
    sent = entry((TRANSIT, "debit", "1.00"), (customer("ana"), "credit", "1.00"))
    sent["legs"][1]["note"] = "x"
    assert list(refused(send(client, ENTRIES, sent))) == ["legs.1.note"]
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("door", DOORS)
def test_a_body_that_is_no_object_is_refused(
    client: Any, rows: dict[str, str], door: str
) -> None:
    before = written()
    for sent in ([], ["key"], "x", 1, True, None):
        assert refused(send(client, DOORS[door].format(**rows), sent))
    assert written() == before


@pytest.mark.parametrize("door", ["reversal", "posting of a hold"])
def test_all_of_it_is_asked_for_by_leaving_the_amount_out(
    client: Any, rows: dict[str, str], door: str
) -> None:
    path, before = DOORS[door].format(**rows), written()
    told = refused(send(client, path, {**good(door), "amount": None}))
    assert list(told) == ["amount"]
    assert written() == before
    assert amount_of(customer("ana")) == 1000


@pytest.mark.parametrize("door", KEYED)
def test_a_key_is_a_uuid_as_it_is_commonly_written(
    client: Any, rows: dict[str, str], door: str
) -> None:
    path, before, name = DOORS[door].format(**rows), written(), KEYED[door]
    for odd in ODD_KEYS:
        told = refused(send(client, path, {**good(door), name: odd}))
        assert list(told) == [name], odd
    assert written() == before
    loud = str(uuid4()).upper()
    assert send(client, path, {**good(door), name: loud}).status_code == 201


def test_the_document_says_that_there_are_no_other_fields() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)
    schemas = document["components"]["schemas"]
    closed = {
        name
        for name, schema in schemas.items()
        if schema.get("additionalProperties") is False
    }
    assert closed >= {
        "AccountBody",
        "BatchBody",
        "EntryBody",
        "HoldBody",
        "LegBody",
        "LinkedTransferBody",
        "PostHoldBody",
        "ReverseBody",
        "TransferBody",
        "WhyBody",
    }
