"""Entries of many legs, reversals and holds over the API."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts import roles
from accounts.models import User
from audit.actions import Action
from audit.models import Record
from ledger.models import Balance, Hold, Transfer
from ledger.services.holds import expire_holds, open_holds
from ledger.services.proof import findings
from tests.accounts.machines import deliver, make_machine
from tests.ledger.bodies import LEDGER, TRANSFERS, body, code_of, send
from tests.ledger.books import FEES, TRANSIT, amount_of, customer
from tests.ledger.test_together import locked
from tests.together import together

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ENTRIES = f"{LEDGER}/entries"
HOLDS = f"{LEDGER}/holds"
WHY = {"reason": "Se deshizo"}


@pytest.fixture
def client(api: Any, person: Any, settings: Any) -> Any:
    """The bookkeeper's."""
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    return api(person("berta", "bookkeeper"))


def entry(*legs: tuple[Any, str, Any], **given: Any) -> dict[str, Any]:
    return {
        "key": str(uuid4()),
        "currency": "VES",
        "code": "payment",
        "legs": [
            {"account": str(account), "side": side, "amount": amount}
            for account, side, amount in legs
        ],
        **given,
    }


def hold(debit: Any, credit: Any, amount: Any = "4.00", **given: Any) -> dict[str, Any]:
    later = timezone.now() + timedelta(hours=1)
    held = body(debit, credit, amount, expires_at=later.isoformat())
    return {**held, **given}


def reversal(**given: Any) -> dict[str, Any]:
    return {"key": str(uuid4()), **WHY, **given}


def test_an_entry_of_many_legs_is_booked_once_and_whole(client: Any) -> None:
    ana = customer("ana")
    sent = entry(
        (TRANSIT, "debit", "100.00"),
        (ana, "credit", "98.00"),
        ("4100-VES", "credit", "2.00"),
        metadata={"nota": "Á"},
    )
    first, again = send(client, ENTRIES, sent), send(client, ENTRIES, sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    shown = first.json()["transfers"]
    assert [(each["credit_id"], each["amount"]) for each in shown] == [
        (str(ana), "98.00"),
        (str(FEES), "2.00"),
    ]
    assert shown[0]["metadata"] == {"nota": "Á"}
    assert (amount_of(TRANSIT), amount_of(ana), amount_of(FEES)) == (10_000, 9_800, 200)
    other = {**sent, "code": "other"}
    assert code_of(send(client, ENTRIES, other)) == (409, "POSTING_KEY_REUSED")
    assert findings() == []


def _of_two_and_three_legs(ana: Any) -> list[dict[str, Any]]:
    """Entries of one key, each the beginning of the next."""
    key, to = str(uuid4()), [ana, FEES, customer("luis")]
    parts = [(to[at], "credit", amount) for at, amount in enumerate(("1", "2", "4"))]
    return [
        entry((TRANSIT, "debit", total), *parts[:number], key=key)
        for number, total in ((2, "3.00"), (3, "7.00"))
    ]


@pytest.mark.parametrize("is_longer_first", [True, False])
def test_an_entry_s_key_names_all_its_legs(client: Any, is_longer_first: bool) -> None:
    """Who adds a leg, or leaves one out, means another entry."""
    ana = customer("ana")
    first, other = _of_two_and_three_legs(ana)[:: -1 if is_longer_first else 1]
    shown = send(client, ENTRIES, first).json()
    assert code_of(send(client, ENTRIES, other)) == (409, "POSTING_KEY_REUSED")
    nowhere = entry((TRANSIT, "debit", "1"), (uuid4(), "credit", "1"))["legs"]
    odd = {**first, "legs": [*first["legs"], *nowhere]}
    assert code_of(send(client, ENTRIES, odd)) == (409, "POSTING_KEY_REUSED")
    assert client.get(f"{ENTRIES}/{first['key']}").json() == shown
    assert send(client, ENTRIES, first).status_code == 200
    assert Transfer.objects.count() == len(shown["transfers"])
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_entries_with_one_key_at_once_one_is_booked(
    api: Any, root: User, settings: Any
) -> None:
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    client, ana = api(root), customer("ana")
    for _ in range(5):
        sent = _of_two_and_three_legs(ana)
        answers = together(*(partial(send, client, ENTRIES, each) for each in sent * 3))
        counted = Counter(each.status_code for each in answers)
        assert counted == {201: 1, 200: 2, 409: 3}
        [won] = [each for each in answers if each.status_code == 201]
        path = f"{ENTRIES}/{sent[0]['key']}"
        assert client.get(path).json() == won.json()
    assert findings() == []


def test_nothing_else_is_ever_booked_by_the_key_of_an_entry(client: Any) -> None:
    """It would hide the entry: from who reads it, sends it again, takes it back."""
    ana = customer("ana")
    sent = entry(
        (TRANSIT, "debit", "100.00"), (ana, "credit", "98.00"), (FEES, "credit", "2.00")
    )
    send(client, ENTRIES, sent)
    held = hold(TRANSIT, FEES)
    assert send(client, HOLDS, held).status_code == 201
    rival = body(TRANSIT, FEES, "1.00", key=sent["key"])
    twin = body(TRANSIT, ana, "98.00", key=sent["key"], code=sent["code"])
    for url, other in (
        (TRANSFERS, rival),
        (TRANSFERS, twin),
        (f"{HOLDS}/{held['key']}/post", {"key": sent["key"]}),
    ):
        assert code_of(send(client, url, other)) == (409, "POSTING_KEY_REUSED")
    many = send(client, f"{TRANSFERS}/batch", {"transfers": [rival, twin]})
    assert {each["outcome"] for each in many.json()["results"]} == {"key_reused"}
    assert send(client, ENTRIES, sent).status_code == 200
    back = send(client, f"{ENTRIES}/{sent['key']}/reverse", reversal())
    assert [each["amount"] for each in back.json()["transfers"]] == ["98.00", "2.00"]


def test_the_key_of_an_entry_s_reversal_is_taken_too(client: Any) -> None:
    """Also where one leg had been taken back before, and it begins with another."""
    ana = customer("ana")
    sent = entry(
        (TRANSIT, "debit", "3.00"), (ana, "credit", "1.00"), (FEES, "credit", "2.00")
    )
    legs = send(client, ENTRIES, sent).json()["transfers"]
    send(client, f"{ENTRIES}/{legs[1]['id']}/reverse", reversal())
    back = reversal()
    taken = send(client, f"{ENTRIES}/{sent['key']}/reverse", back)
    assert (taken.status_code, taken.json()["id"]) == (201, back["key"])
    into = entry((TRANSIT, "debit", "1.00"), (ana, "credit", "1.00"), key=back["key"])
    assert code_of(send(client, ENTRIES, into)) == (409, "POSTING_KEY_REUSED")
    assert Transfer.objects.count() == 4


def test_each_leg_says_which_entry_it_is_of(client: Any) -> None:
    ana = customer("ana")
    sent = entry(
        (TRANSIT, "debit", "3.00"), (ana, "credit", "1.00"), (FEES, "credit", "2.00")
    )
    for leg in send(client, ENTRIES, sent).json()["transfers"]:
        assert leg["cause"] == {"type": "entry", "id": sent["key"]}
    fee = client.get(f"{ENTRIES}/{leg['id']}").json()
    whole = client.get(f"{ENTRIES}/{fee['cause']['id']}").json()
    assert [each["amount"] for each in whole["transfers"]] == ["1.00", "2.00"]
    assert findings() == []


def test_an_entry_that_cannot_be_is_refused_whole(client: Any) -> None:
    ana = customer("ana")
    cases: list[tuple[dict[str, Any], str]] = [
        (
            entry((TRANSIT, "debit", "1.00"), (ana, "credit", "2.00")),
            "MALFORMED_POSTING",
        ),
        (
            entry((TRANSIT, "debit", "1.00"), (ana, "debit", "1.00")),
            "MALFORMED_POSTING",
        ),
        (entry((ana, "debit", "1.00"), (ana, "credit", "1.00")), "MALFORMED_POSTING"),
        (entry((TRANSIT, "debit", "1.00")), "VALIDATION_ERROR"),
        (entry((TRANSIT, "debit", 1), (ana, "credit", "1.00")), "VALIDATION_ERROR"),
        (entry((TRANSIT, "debit", "0"), (ana, "credit", "0")), "VALIDATION_ERROR"),
        (entry((TRANSIT, "Debit", "1"), (ana, "credit", "1")), "VALIDATION_ERROR"),
        (entry((5, "debit", "1"), (ana, "credit", "1")), "VALIDATION_ERROR"),
        (entry(*[(ana, "debit", "1")] * 501), "VALIDATION_ERROR"),
        (
            entry(
                (TRANSIT, "debit", "3.00"),
                (ana, "debit", "1.00"),
                (FEES, "credit", "4.00"),
            ),
            "INSUFFICIENT_FUNDS",
        ),
        (
            entry((TRANSIT, "debit", "1.00"), (uuid4(), "credit", "1.00")),
            "UNKNOWN_ACCOUNT",
        ),
        (
            entry((TRANSIT, "debit", "1.00"), (ana, "credit", "1.00"), currency="USD"),
            "CURRENCY_MISMATCH",
        ),
        (
            entry(
                (TRANSIT, "debit", "1.00"),
                (ana, "credit", "1.00"),
                metadata={"a": {"b": "c"}},
            ),
            "VALIDATION_ERROR",
        ),
        *(
            (
                entry(
                    (TRANSIT, "debit", "1.00"), (ana, "credit", "1.00"), effective=day
                ),
                "VALIDATION_ERROR",
            )
            for day in ("2999-01-01", "0026-11-20")
        ),
    ]
    for sent, code in cases:
        assert code_of(send(client, ENTRIES, sent))[1] == code, sent
    assert not Transfer.objects.exists()


def test_why_an_entry_or_a_hold_cannot_be_is_told_in_spanish(client: Any) -> None:
    ana = customer("ana")
    out, back = (ana, "debit", "1.00"), (ana, "credit", "1.00")
    unlike = (TRANSIT, "debit", "2.00")
    for path, sent, why in (
        (ENTRIES, entry(unlike, back), "el debe no es igual al haber"),
        (ENTRIES, entry(out, back), "una cuenta está en ambos lados"),
        (HOLDS, hold(ana, ana), "el debe y el haber son la misma cuenta"),
    ):
        told = send(client, path, sent).json()["error"]
        cannot = "Un asiento en el lugar 0 no se puede registrar"
        assert told["message"] == f"{cannot}: {why}"
        assert told["details"]["why"] == why


def test_a_transfer_is_taken_back_in_parts_and_no_further(client: Any) -> None:
    ana, sent = customer("ana"), body(TRANSIT, customer("ana"), "10.00")
    send(client, TRANSFERS, sent)
    back = f"{ENTRIES}/{sent['key']}/reverse"
    part = reversal(amount="4.00")
    first, again = send(client, back, part), send(client, back, part)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["reverses"] == sent["key"]
    assert first.json()["debit_id"] == str(ana)
    too_much = send(client, back, reversal(amount="6.01"))
    assert code_of(too_much) == (422, "EXCEEDS_ORIGINAL")
    rest = reversal()
    assert send(client, back, rest).json()["amount"] == "6.00"
    assert code_of(send(client, back, reversal())) == (422, "EXCEEDS_ORIGINAL")
    assert send(client, back, rest).status_code == 200
    assert send(client, back, {**rest, "amount": "6.00"}).status_code == 200
    for other in ({**part, "amount": "5.00"}, reversal(key=part["key"])):
        answer = send(client, back, other)
        assert code_of(answer) == (409, "POSTING_KEY_REUSED"), "other than it booked"
    of_it = send(client, f"{ENTRIES}/{rest['key']}/reverse", reversal())
    assert code_of(of_it) == (422, "NOT_REVERSIBLE")
    assert amount_of(ana) == 0
    assert findings() == []


def test_an_entry_of_many_legs_is_read_and_taken_back_as_one(client: Any) -> None:
    ana = customer("ana")
    sent = entry(
        (TRANSIT, "debit", "100.00"),
        (ana, "credit", "98.00"),
        ("4100-VES", "credit", "2.00"),
    )
    shown = send(client, ENTRIES, sent).json()
    one = f"{ENTRIES}/{sent['key']}"
    assert client.get(one).json() == shown
    fee = shown["transfers"][1]["id"]
    send(client, f"{ENTRIES}/{fee}/reverse", reversal(amount="0.50"))
    in_part = send(client, f"{one}/reverse", reversal(amount="1.00"))
    assert code_of(in_part) == (400, "VALIDATION_ERROR")
    wanted = reversal()
    first, again = (send(client, f"{one}/reverse", wanted) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    back = first.json()["transfers"]
    assert [(each["debit_id"], each["amount"]) for each in back] == [
        (str(ana), "98.00"),
        (str(FEES), "1.50"),
    ]
    assert [each["reverses"] for each in back] == [
        each["id"] for each in shown["transfers"]
    ]
    assert client.get(f"{ENTRIES}/{wanted['key']}").json() == first.json()
    assert (amount_of(TRANSIT), amount_of(ana), amount_of(FEES)) == (0, 0, 0)
    for path, code in (
        (f"{one}/reverse", "EXCEEDS_ORIGINAL"),
        (f"{ENTRIES}/{wanted['key']}/reverse", "NOT_REVERSIBLE"),
    ):
        assert code_of(send(client, path, reversal())) == (422, code)
    other = send(client, f"{ENTRIES}/{fee}/reverse", wanted)
    assert code_of(other) == (409, "POSTING_KEY_REUSED")
    assert Record.objects.filter(action=Action.TRANSFER_REVERSED).count() == 3
    assert findings() == []


def test_an_entry_is_taken_back_whole_or_not_at_all(client: Any) -> None:
    """One of the patients has spent what he was given."""
    ana, luis = customer("ana"), customer("luis")
    sent = entry(
        (TRANSIT, "debit", "10.00"), (ana, "credit", "6.00"), (luis, "credit", "4.00")
    )
    send(client, ENTRIES, sent)
    send(client, TRANSFERS, body(luis, FEES, "1.00"))
    refused = send(client, f"{ENTRIES}/{sent['key']}/reverse", reversal())
    assert code_of(refused) == (422, "INSUFFICIENT_FUNDS")
    assert (amount_of(ana), amount_of(luis)) == (600, 300)
    assert not Record.objects.filter(action=Action.TRANSFER_REVERSED).exists()


def test_a_key_names_a_transfer_or_an_entry(client: Any) -> None:
    ana, single = customer("ana"), body(TRANSIT, customer("ana"), "10.00")
    many = entry((TRANSIT, "debit", "4.00"), (ana, "credit", "4.00"))
    send(client, TRANSFERS, single)
    send(client, ENTRIES, many)
    reused = (409, "POSTING_KEY_REUSED")
    assert code_of(send(client, ENTRIES, {**many, "key": single["key"]})) == reused
    for original, key in ((many, single["key"]), (single, many["key"])):
        back = f"{ENTRIES}/{original['key']}/reverse"
        assert code_of(send(client, back, reversal(key=key))) == reused
    assert amount_of(ana) == 1_400


def test_a_key_that_took_back_a_part_is_not_that_of_the_whole(client: Any) -> None:
    shares = (customer("ana"), "credit", "98.00"), (FEES, "credit", "2.00")
    booked = send(client, ENTRIES, entry((TRANSIT, "debit", "100.00"), *shares)).json()
    whole, part = booked["id"], booked["transfers"][1]["id"]
    wanted = reversal()
    first = send(client, f"{ENTRIES}/{part}/reverse", wanted)
    assert first.status_code == 201
    refused = send(client, f"{ENTRIES}/{whole}/reverse", wanted)
    assert code_of(refused) == (409, "POSTING_KEY_REUSED")
    # What is left of it is all of it, then and when it is asked again.
    rest = reversal()
    for status in (201, 200):
        back = send(client, f"{ENTRIES}/{whole}/reverse", rest)
        assert back.status_code == status
        assert back.json()["amount"] == "98.00"
    assert (amount_of(TRANSIT), amount_of(FEES)) == (0, 0)
    assert findings() == []


def test_what_is_not_there_is_not_taken_back(client: Any) -> None:
    for name in (uuid4(), "x"):
        answer = send(client, f"{ENTRIES}/{name}/reverse", reversal())
        assert code_of(answer) == (404, "ENTRY_NOT_FOUND")
    sent = body(TRANSIT, customer("ana"))
    send(client, TRANSFERS, sent)
    for wrong in ({"key": "x"}, {"amount": 1}, {"amount": "0"}, {"reason": ""}):
        answer = send(client, f"{ENTRIES}/{sent['key']}/reverse", reversal(**wrong))
        assert code_of(answer) == (400, "VALIDATION_ERROR")
    assert Transfer.objects.count() == 1


def test_held_money_is_kept_free_and_posted_in_part(client: Any) -> None:
    ana = customer("ana")
    send(client, TRANSFERS, body(TRANSIT, ana, "10.00"))
    wanted = hold(ana, FEES, "8.00")
    first, again = send(client, HOLDS, wanted), send(client, HOLDS, wanted)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["amount"]) == ("open", "8.00")
    balance = client.get(f"{LEDGER}/accounts/{ana}/balance").json()
    assert (balance["amount"], balance["held"]) == ("10.00", "8.00")
    answer = send(client, TRANSFERS, body(ana, FEES, "3.00"))
    assert code_of(answer) == (422, "INSUFFICIENT_FUNDS")
    path = f"{HOLDS}/{wanted['key']}"
    booked = {"key": str(uuid4()), "amount": "5.00"}
    too_much = {"key": str(uuid4()), "amount": "8.01"}
    assert code_of(send(client, f"{path}/post", too_much))[1] == "EXCEEDS_ORIGINAL"
    first = send(client, f"{path}/post", booked)
    again = send(client, f"{path}/post", booked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["cause"] == {"type": "hold", "id": wanted["key"]}
    shown = client.get(path).json()
    assert (shown["state"], shown["transfer_id"]) == ("posted", booked["key"])
    assert code_of(send(client, f"{path}/void", WHY)) == (409, "HOLD_ENDED")
    another = {"key": str(uuid4())}
    assert code_of(send(client, f"{path}/post", another)) == (409, "HOLD_ENDED")
    assert amount_of(ana) == 500
    assert findings() == []


def test_what_is_held_of_an_account_is_found_without_its_key(client: Any) -> None:
    ana, luis = customer("ana"), customer("luis")
    send(client, TRANSFERS, body(TRANSIT, ana, "10.00"))
    now = timezone.now()
    hours = [(now + timedelta(hours=each)).isoformat() for each in (3, 1, 2, 1, 1)]
    held = [hold(ana, FEES, "1.00", expires_at=each) for each in hours]
    held.append(hold(TRANSIT, ana, "1.00", expires_at=hours[0]))
    others = [hold(TRANSIT, luis), hold(ana, FEES, "1.00")]
    for each in (*held, *others):
        assert send(client, HOLDS, each).status_code == 201
    send(client, f"{HOLDS}/{others[1]['key']}/void", WHY)
    seen, query = [], {"account_id": str(ana), "limit": 2}
    while True:
        page = client.get(HOLDS, query).json()
        seen += page["items"]
        if page["next_after"] is None:
            break
        query["after"] = page["next_after"]
        # It may end before the next page is asked for.
        send(client, f"{HOLDS}/{query['after']}/void", WHY)
    in_order = sorted(held, key=lambda each: (each["expires_at"], each["key"]))
    assert [each["id"] for each in seen] == [each["key"] for each in in_order]
    assert {each["state"] for each in seen} == {"open"}
    late = open_holds(ana, now=now + timedelta(hours=2), limit=9)
    assert {each.expires_at for each in late} <= {now + timedelta(hours=3)}
    query["after"] = str(uuid4())
    assert code_of(client.get(HOLDS, query)) == (404, "HOLD_NOT_FOUND")
    nobody = client.get(HOLDS, {"account_id": str(uuid4())})
    assert code_of(nobody) == (404, "ACCOUNT_NOT_FOUND")
    assert code_of(client.get(HOLDS)) == (400, "VALIDATION_ERROR")


def test_a_hold_without_a_day_is_the_same_tomorrow(api: Any, root: User) -> None:
    with time_machine.travel("2026-11-21 03:59:59Z") as clock:
        later = "2100-01-01T00:00:00Z"
        client, held = api(root), hold(TRANSIT, FEES, expires_at=later)
        del held["effective"]
        first = send(client, HOLDS, held)
        clock.shift(60)
        again = send(client, HOLDS, held)
        named = send(client, HOLDS, {**held, "effective": "2026-11-21"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["effective"] == "2026-11-20"
    assert code_of(named) == (409, "POSTING_KEY_REUSED")


def test_a_hold_is_let_go_or_expires(client: Any) -> None:
    ana = customer("ana")
    send(client, TRANSFERS, body(TRANSIT, ana, "10.00"))
    one, two = hold(ana, FEES), hold(ana, FEES)
    for each in (one, two):
        assert send(client, HOLDS, each).status_code == 201
    for _ in range(2):
        answer = send(client, f"{HOLDS}/{one['key']}/void", WHY)
        assert (answer.status_code, answer.json()["state"]) == (200, "voided")
    assert expire_holds(timezone.now() + timedelta(hours=2)) == 1
    path = f"{HOLDS}/{two['key']}"
    assert client.get(path).json()["state"] == "expired"
    answer = send(client, f"{path}/post", {"key": str(uuid4())})
    assert answer.status_code == 409
    assert Balance.objects.get(pk=ana).held == 0


def test_the_hour_of_a_hold_is_that_of_the_database(api: Any, root: User) -> None:
    """A web server that is two hours early, or late, does no harm."""
    ana, now = customer("ana"), timezone.now()
    held, two_hours = hold(TRANSIT, ana), timedelta(hours=2)
    with time_machine.travel(now + two_hours):
        client = api(root)
        assert send(client, HOLDS, held).status_code == 201
        path = f"{HOLDS}/{held['key']}/post"
        assert send(client, path, {"key": str(uuid4())}).status_code == 201
    with time_machine.travel(now - two_hours):
        late = send(api(root), HOLDS, hold(TRANSIT, ana))
    assert code_of(late)[1] == "HOLD_EXPIRED"


def test_a_hold_that_cannot_be_is_refused(client: Any) -> None:
    ana = customer("ana")
    before = (timezone.now() - timedelta(seconds=1)).isoformat()
    cases = [
        (hold(ana, FEES), "INSUFFICIENT_FUNDS"),
        (hold(TRANSIT, uuid4()), "UNKNOWN_ACCOUNT"),
        (hold(TRANSIT, ana, currency="USD"), "CURRENCY_MISMATCH"),
        (hold(TRANSIT, TRANSIT), "MALFORMED_POSTING"),
        (hold(TRANSIT, ana, expires_at=before), "HOLD_EXPIRED"),
        (hold(TRANSIT, ana, "100000000000000.01"), "UNPOSTABLE_AMOUNT"),
        (hold(TRANSIT, ana, 4), "VALIDATION_ERROR"),
        (hold(TRANSIT, ana, code="a b"), "VALIDATION_ERROR"),
        (hold(TRANSIT, "x"), "VALIDATION_ERROR"),
        (hold(TRANSIT, ana, expires_at="tomorrow"), "VALIDATION_ERROR"),
    ]
    for sent, code in cases:
        assert code_of(send(client, HOLDS, sent))[1] == code, sent
    for name in (uuid4(), "x"):
        path = f"{HOLDS}/{name}"
        assert code_of(client.get(path)) == (404, "HOLD_NOT_FOUND")
        for verb, sent in (("post", {"key": str(uuid4())}), ("void", WHY)):
            answer = send(client, f"{path}/{verb}", sent)
            assert code_of(answer) == (404, "HOLD_NOT_FOUND")
    assert not Hold.objects.exists()


def changes(key: Any, held: Any) -> list[tuple[str, Any]]:
    return [
        (ENTRIES, entry((TRANSIT, "debit", "1.00"), (FEES, "credit", "1.00"))),
        (f"{ENTRIES}/{key}/reverse", reversal()),
        (HOLDS, hold(TRANSIT, FEES)),
        (f"{HOLDS}/{held}/post", {"key": str(uuid4())}),
        (f"{HOLDS}/{held}/void", WHY),
    ]


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role_by_every_change(
    api: Any, person: Any, client: Any, role: str
) -> None:
    sent, held = body(TRANSIT, customer("ana")), hold(TRANSIT, FEES)
    send(client, TRANSFERS, sent)
    send(client, HOLDS, held)
    visitor = api(person("paula", role))
    answers = [send(visitor, *each) for each in changes(sent["key"], held["key"])]
    read = visitor.get(f"{HOLDS}/{held['key']}").status_code
    assert read == (200 if role in {"bookkeeper", "auditor", "admin"} else 403)
    if role in {"bookkeeper", "admin"}:
        assert [each.status_code for each in answers] == [201, 201, 201, 201, 409]
        return
    assert {code_of(each) for each in answers} == {(403, "FORBIDDEN")}
    assert (Transfer.objects.count(), Hold.objects.count()) == (1, 1)


def test_a_machine_signs_whatever_it_changes(root: User) -> None:
    machine = make_machine(root, "ledger:post")
    for path, sent in changes(uuid4(), uuid4()):
        unsigned = deliver(machine.request("POST", path, sent))
        assert code_of(unsigned) == (403, "SIGNATURE_REQUIRED")
        signed = machine.sign(machine.request("POST", path, sent))
        assert deliver(signed).status_code in {201, 404}


@pytest.mark.django_db(transaction=True)
def test_of_twins_at_once_one_is_new(api: Any, root: User, settings: Any) -> None:
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    client = api(root)
    held, booked = hold(TRANSIT, FEES), {"key": str(uuid4())}
    del held["effective"]
    for path, sent in ((HOLDS, held), (f"{HOLDS}/{held['key']}/post", booked)):
        # All of them have asked before the first is answered.
        with locked(TRANSIT):
            answers = together(*[partial(send, client, path, sent)] * 6)
        counted = Counter(each.status_code for each in answers)
        assert counted == {201: 1, 200: 5}
        assert len({each.content for each in answers}) == 1
    assert amount_of(FEES) == 400
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_no_more_is_taken_back_than_was_there_from_many_sides(
    api: Any, root: User, settings: Any
) -> None:
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    client, ana = api(root), customer("ana")
    sent = body(TRANSIT, ana, "10.00")
    send(client, TRANSFERS, sent)
    path = f"{ENTRIES}/{sent['key']}/reverse"
    answers = together(
        *[lambda: send(client, path, reversal(amount="3.00"))] * 6,
        *[lambda: send(client, HOLDS, hold(ana, FEES, "3.00"))] * 6,
    )
    counted = Counter(each.status_code for each in answers)
    assert counted == {201: 3, 422: 9}
    assert findings() == []
