"""Money moved over the API: one transfer at a time, and thousands."""

import json
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from accounts import roles
from accounts.models import User
from audit.models import Record
from ledger.models import Balance, Transfer
from ledger.services.posting import LARGEST_BATCH
from ledger.services.proof import findings
from tests.accounts.machines import deliver, make_machine
from tests.ledger.bodies import BATCH, LEDGER, TRANSFERS, body, code_of, outcomes, send
from tests.ledger.books import FEES, TRANSIT, amount_of, customer
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]

NO_AMOUNTS = [
    "0", "0.00", "-1", "-1.00", "+1", "1.234", "1e3", "1E3", "1,00", " 1", "1 ", "01",
    "", "NaN", "Infinity", "١", "1" * 18, "10000000000000000000", "100000000000000.01",
    1, 1.5, 0, True, False, None, [], {}, ["1.00"],
]  # fmt: skip
NO_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"key": "x"}, "key"),
    ({"key": 5}, "key"),
    ({"key": "{0b8a1b34-7f3e-4c0e-9a53-1d9d9b7f2a10}"}, "key"),
    ({"debit": "caja"}, "debit"),
    ({"debit": None}, "debit"),
    ({"debit": ["1110-VES"]}, "debit"),
    ({"debit": {"id": 1}}, "debit"),
    ({"credit": 1110}, "credit"),
    ({"credit": "1110-VES"}, "credit"),  # the same as the debit
    ({"currency": "XXX"}, "currency"),
    ({"currency": ["VES"]}, "currency"),
    ({"currency": None}, "currency"),
    ({"code": ""}, "code"),
    ({"code": "x" * 33}, "code"),
    ({"code": "a b"}, "code"),
    ({"code": "ñ"}, "code"),
    ({"code": 1}, "code"),
    ({"effective": "20-11-2026"}, "effective"),
    ({"effective": "2026-02-30"}, "effective"),
    ({"effective": "2026-W47-5"}, "effective"),
    ({"effective": "2999-01-01"}, "effective"),
    ({"effective": "0026-11-20"}, "effective"),
    ({"effective": None}, "effective"),
    ({"effective": 20261120}, "effective"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"a": 1}}, "metadata"),
    ({"metadata": {"a": {"b": "c"}}}, "metadata"),
    ({"metadata": {"a": "x" * 501}}, "metadata"),
    ({"metadata": {"x" * 41: "a"}}, "metadata"),
    ({"metadata": {str(n): "a" for n in range(21)}}, "metadata"),
    ({"linked": "yes"}, "linked"),
    ({"linked": 1}, "linked"),
    ({"balance": "1.00"}, "balance"),
    ({"x" * 99: "1.00"}, "x" * 40),
]  # fmt: skip


@pytest.fixture
def client(api: Any, person: Any, settings: Any) -> Any:
    """The bookkeeper's."""
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    return api(person("berta", "bookkeeper"))


def test_a_transfer_is_booked_once_and_shown(client: Any) -> None:
    ana = customer("ana")
    sent = body("1110-VES", ana, "12.50", metadata={"nota": "Á"})
    first, again = send(client, TRANSFERS, sent), send(client, TRANSFERS, sent)
    assert (first.status_code, again.status_code) == (201, 200)
    shown = first.json()
    assert shown == again.json()
    assert shown["id"] == sent["key"]
    assert (shown["debit_id"], shown["credit_id"]) == (str(TRANSIT), str(ana))
    assert (shown["amount"], shown["currency"]) == ("12.50", "VES")
    assert (shown["effective"], shown["code"]) == ("2026-11-20", "test")
    assert shown["metadata"] == {"nota": "Á"}
    assert amount_of(ana) == 1250
    [noted] = Record.objects.filter(action="ledger.batch_posted")
    assert shown["cause"] == {"type": "batch", "id": noted.subject_id}
    assert json.loads(noted.facts)["posted"] == 1
    assert findings() == []


def test_a_key_with_other_content_is_refused(client: Any) -> None:
    sent = body(TRANSIT, customer("ana"))
    send(client, TRANSFERS, sent)
    for other in (
        {"amount": "10.01"},
        {"code": "other"},
        {"effective": "2026-11-19"},
        {"metadata": {"a": "b"}},
        {"credit": str(FEES)},
    ):
        answer = send(client, TRANSFERS, {**sent, **other})
        assert code_of(answer) == (409, "POSTING_KEY_REUSED")
        answer = send(client, BATCH, {"transfers": [{**sent, **other}]})
        assert outcomes(answer) == ["key_reused"]
    assert Transfer.objects.count() == 1


def test_an_idempotency_key_answers_again_and_refuses_another_body(
    client: Any,
) -> None:
    sent = body(TRANSIT, customer("ana"))
    for path, wanted, other in (
        (TRANSFERS, sent, body(TRANSIT, FEES)),
        (BATCH, {"transfers": [body(TRANSIT, FEES)]}, {"transfers": [sent]}),
    ):
        first = send(client, path, wanted, key=f"k-{path}")
        again = send(client, path, wanted, key=f"k-{path}")
        assert first.content == again.content
        assert again["Idempotent-Replayed"] == "true"
        answer = send(client, path, other, key=f"k-{path}")
        assert code_of(answer) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Transfer.objects.count() == 2


def test_a_key_is_one_transfer_whichever_batch_brings_it(client: Any) -> None:
    ana = customer("ana")
    first, second = body(TRANSIT, ana, "1.00"), body(TRANSIT, ana, "2.00")
    third = body(ana, FEES, "3.00")
    send(client, TRANSFERS, first)
    assert outcomes(send(client, BATCH, {"transfers": [second, first]})) == [
        "posted",
        "already_posted",
    ]
    tied = [{**each, "linked": True} for each in (first, third, second)]
    again = send(client, BATCH, {"transfers": [*tied, body(ana, FEES, "0.01")]})
    assert outcomes(again) == [
        "already_posted",
        "linked_failed",  # all would be spent already
        "already_posted",
        "insufficient_funds",
    ]
    other = {**second, "amount": "9.00", "linked": True}
    again = send(client, BATCH, {"transfers": [tied[0], other, third]})
    assert outcomes(again) == ["already_posted", "key_reused", "linked_failed"]
    again = send(client, BATCH, {"transfers": [tied[0], tied[1], second]})
    assert outcomes(again) == ["already_posted", "posted", "already_posted"]
    assert send(client, TRANSFERS, third).status_code == 200
    assert amount_of(ana) == 0
    assert findings() == []


def linked(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "linked": True}


@pytest.mark.parametrize(
    ("make", "became"),
    [
        (lambda new: [new, new], ["posted", "already_posted"]),
        (lambda new: [new, {**new, "amount": "3.00"}], ["posted", "key_reused"]),
        (lambda new: [new, body(new["credit"], FEES, "2.50")], ["posted", "posted"]),
        (
            lambda new: [linked(new), body(TRANSIT, uuid4()), new],
            ["linked_failed", "unknown_account", "posted"],
        ),
    ],
)
def test_what_was_tied_to_a_booked_one_is_booked_in_its_place(
    client: Any, make: Any, became: list[str]
) -> None:
    """So what comes after it finds it there, and is told the same when sent again."""
    ana = customer("ana")
    old, new = body(TRANSIT, ana, "1.00"), body(TRANSIT, ana, "2.00")
    send(client, TRANSFERS, old)
    sent = {"transfers": [linked(old), *make(new)]}
    assert outcomes(send(client, BATCH, sent)) == ["already_posted", *became]
    there = dict.fromkeys(("posted", "linked_failed"), "already_posted")
    became = [there.get(each, each) for each in became]
    for _ in range(2):
        assert outcomes(send(client, BATCH, sent)) == ["already_posted", *became]
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_more_than_can_be_counted_is_refused_whole(client: Any) -> None:
    most = body("1110-VES", "1120-VES", "100000000000000.00")
    rows = [{**most, "key": str(uuid4())} for _ in range(922)]
    assert set(outcomes(send(client, BATCH, {"transfers": rows}))) == {"posted"}
    for path, sent in ((TRANSFERS, most), (BATCH, {"transfers": [most]})):
        assert code_of(send(client, path, sent)) == (422, "BALANCE_TOO_LARGE")
    assert Transfer.objects.count() == 922
    assert findings() == []


def test_a_transfer_without_a_day_is_the_same_tomorrow(api: Any, root: User) -> None:
    sent = body(TRANSIT, customer("ana"))
    del sent["effective"]
    with time_machine.travel("2026-11-21 03:59:59Z") as clock:
        client = api(root)
        first = send(client, TRANSFERS, sent)
        clock.shift(60)
        again = send(client, TRANSFERS, sent)
        rows = send(client, BATCH, {"transfers": [sent, {**sent, "amount": "9.00"}]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["effective"] == again.json()["effective"] == "2026-11-20"
    assert outcomes(rows) == ["already_posted", "key_reused"]


def test_what_breaks_a_rule_is_named_and_stops_no_other(client: Any) -> None:
    """One at a time and in a batch the same field is named, for the same reason."""
    changes = [*NO_ROWS, *(({"amount": each}, "amount") for each in NO_AMOUNTS)]
    good, bad = body(TRANSIT, FEES), []
    for change, field in changes:
        bad.append({**body(TRANSIT, FEES), **change})
        answer = send(client, TRANSFERS, bad[-1])
        assert code_of(answer) == (400, "VALIDATION_ERROR"), change
        assert list(answer.json()["error"]["details"]["fields"]) == [field], change
    # Between each two a good one, so that none is tied to the next bad one.
    rows = [row for each in bad for row in (each, {**good, "key": str(uuid4())})]
    answer = send(client, BATCH, {"transfers": [*rows[:-1], good]})
    told = answer.json()["results"][::2]
    assert [each["outcome"] for each in told] == ["malformed"] * len(changes)
    assert [each["field"] for each in told] == [field for _, field in changes]
    assert all(each["why"] for each in told)
    tied = [bool(each.get("linked")) for each in bad]
    assert Transfer.objects.count() == len(bad) - sum(tied)


def test_a_field_that_is_missing_is_named(client: Any) -> None:
    for field in ("key", "debit", "credit", "amount", "currency", "code"):
        bad = body(TRANSIT, FEES)
        del bad[field]
        answer = send(client, BATCH, {"transfers": [bad]})
        assert answer.json()["results"][0]["field"] == field
        assert code_of(send(client, TRANSFERS, bad)) == (400, "VALIDATION_ERROR")


def test_a_row_that_is_no_object_is_named(client: Any) -> None:
    for row in ("x", 1, None, [], True, ["key"]):
        answer = send(client, BATCH, {"transfers": [row]})
        told = answer.json()["results"][0]
        assert (told["outcome"], told["field"]) == ("malformed", "")
        assert code_of(send(client, TRANSFERS, [row])) == (400, "VALIDATION_ERROR")


def test_every_reason_of_the_books_has_its_code_and_its_outcome(client: Any) -> None:
    ana, beto = customer("ana"), customer("beto")
    Balance.objects.filter(pk=beto).update(is_frozen=True)
    luis, why = customer("luis"), {"reason": "Se mudó"}
    send(client, f"{LEDGER}/accounts/{luis}/close", why)
    cases = [
        (body(TRANSIT, uuid4()), "unknown_account", "UNKNOWN_ACCOUNT"),
        (body(TRANSIT, "9999-VES"), "unknown_account", "UNKNOWN_ACCOUNT"),
        (body(TRANSIT, "2100-VES"), "unknown_account", "UNKNOWN_ACCOUNT"),
        (body(TRANSIT, ana, currency="USD"), "other_currency", "CURRENCY_MISMATCH"),
        (body(TRANSIT, "1120-USD"), "other_currency", "CURRENCY_MISMATCH"),
        (body(TRANSIT, luis, currency="USD"), "other_currency", "CURRENCY_MISMATCH"),
        (body(beto, luis), "closed", "ACCOUNT_CLOSED"),
        (body(TRANSIT, beto), "frozen", "ACCOUNT_FROZEN"),
        (body(ana, TRANSIT), "insufficient_funds", "INSUFFICIENT_FUNDS"),
    ]
    rows = [row for row, _, _ in cases]
    answer = send(client, BATCH, {"transfers": rows})
    assert outcomes(answer) == [outcome for _, outcome, _ in cases]
    for row, _, code in cases:
        assert code_of(send(client, TRANSFERS, row))[1] == code
    assert not Transfer.objects.exists()


def test_a_batch_with_twins_counts_each_outcome(client: Any) -> None:
    ana = customer("ana")
    twin = body(TRANSIT, ana)
    other = {**twin, "amount": "11.00"}
    answer = send(client, BATCH, {"transfers": [twin, twin, other, body(ana, FEES)]})
    assert outcomes(answer) == ["posted", "already_posted", "key_reused", "posted"]
    assert answer.json()["counts"] == {
        "posted": 2,
        "already_posted": 1,
        "key_reused": 1,
    }
    assert amount_of(ana) == 0


def test_a_group_broken_in_the_middle_is_not_booked(client: Any) -> None:
    ana = customer("ana")
    rows = [
        body(TRANSIT, ana, "1.00"),
        body(TRANSIT, ana, "2.00", linked=True),
        body(TRANSIT, ana, 2.5, linked=True),  # malformed
        body(TRANSIT, ana, "3.00"),
        body(TRANSIT, ana, "4.00", linked=True),
        body(ana, FEES, "99.00", linked=True),  # not so much there
        body(TRANSIT, ana, "5.00"),
        body(TRANSIT, ana, "6.00", linked=True),
        body(TRANSIT, ana, "7.00", linked=False),
        body(TRANSIT, ana, "8.00", linked=True),
        body(TRANSIT, ana, "9.00", linked=True),  # tied to nothing
    ]
    assert outcomes(send(client, BATCH, {"transfers": rows})) == [
        "posted",
        "linked_failed",
        "malformed",
        "linked_failed",
        "linked_failed",
        "insufficient_funds",
        "linked_failed",
        "posted",
        "posted",
        "linked_failed",
        "malformed",
    ]
    assert amount_of(ana) == 1400
    assert findings() == []
    alone = send(client, TRANSFERS, body(TRANSIT, ana, linked=True))
    assert list(alone.json()["error"]["details"]["fields"]) == ["linked"]


def test_a_batch_that_is_none_is_refused(client: Any) -> None:
    nones: list[Any] = [{}, [], "x", None, 1, {"rows": [{}]}]
    nones += [{"transfers": each} for each in ([], {}, "x", None)]
    for sent in (*nones, {"transfers": [{}], "more": 1}):
        assert code_of(send(client, BATCH, sent)) == (400, "VALIDATION_ERROR"), sent


def test_the_largest_batch_is_booked_and_one_more_refused(client: Any) -> None:
    ana = customer("ana")
    rows = [body(TRANSIT, ana, "0.01") for _ in range(LARGEST_BATCH + 1)]
    answer = send(client, BATCH, {"transfers": rows})
    assert code_of(answer) == (400, "BATCH_TOO_LARGE")
    answer = send(client, BATCH, {"transfers": rows[1:]})
    assert set(outcomes(answer)) == {"posted"}
    assert amount_of(ana) == LARGEST_BATCH


ROW = json.dumps(body(TRANSIT, FEES))
GARBLED = [
    (b"", 400),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"\xef\xbb\xbf{}", 400),
    (b'{"transfers": [NaN]}', 400),
    (b'{"transfers": [Infinity]}', 400),
    (b'{"transfers": [], "transfers": []}', 400),
    (b'{"transfers": [{"key": "a", "key": "b:"}]}', 400),
    (b'{"transfers": [{"key": "a", "\\u006bey": "b:"}]}', 400),
    (b'{"transfers": [{"metadata": {"a:": "x", "a:": ":"}}]}', 400),
    (b'{"transfers": ["\\u0000"]}', 400),
    (b'{"transfers": ["\\ud800"]}', 400),
    (b"[" * 33 + b"]" * 33, 400),
    (b"[" * 300 + b"]" * 300, 400),
    (b'{"a":' * 300 + b"1" + b"}" * 300, 400),
    (b"[" * 100_000 + b"]" * 100_000, 400),
    (b'{"transfers": "' + b"x" * 4_194_304 + b'"}', 413),
    (b"x" * 5_000_000, 413),
]


def test_a_body_that_makes_no_sense_is_refused(client: Any) -> None:
    for sent, status in GARBLED:
        answer = client.post(BATCH, data=sent, content_type="application/json")
        assert answer.status_code == status, sent[:80]
        assert answer.json()["error"]["type"] == "validation"
    assert not Transfer.objects.exists()


def test_only_the_batch_takes_a_large_body(client: Any) -> None:
    large = b'{"transfers": "' + b"x" * 300_000 + b'"}'
    for path, status in ((TRANSFERS, 413), (BATCH, 400), (f"{BATCH}/", 400)):
        answer = client.post(path, data=large, content_type="application/json")
        assert answer.status_code == status, path


def test_escapes_and_colons_in_texts_are_no_harm(client: Any) -> None:
    rows = [
        body(TRANSIT, FEES, metadata={"a:b": "1:2:3", "c": "[{[{"}),
        body(TRANSIT, FEES, metadata={"nota": 'comillas " y á'}),
    ]
    for each in (rows, rows[:1]):
        for row in each:
            row["key"] = str(uuid4())
        plain = json.dumps({"transfers": each}, ensure_ascii=False)
        escaped = json.dumps({"transfers": each})
        for sent, outcome in ((plain, "posted"), (escaped, "already_posted")):
            answer = client.post(BATCH, data=sent, content_type="application/json")
            assert set(outcomes(answer)) == {outcome}


@pytest.mark.parametrize("role", list(roles.MATRIX))
@pytest.mark.parametrize("path", [TRANSFERS, BATCH])
def test_only_who_may_post_moves_money(
    api: Any, person: Any, role: str, path: str
) -> None:
    row = body(TRANSIT, FEES)
    sent = row if path == TRANSFERS else {"transfers": [row]}
    answer = send(api(person("paula", role)), path, sent)
    if role in {"bookkeeper", "admin"}:
        assert answer.status_code in {200, 201}
        return
    assert code_of(answer) == (403, "FORBIDDEN")
    assert not Transfer.objects.exists()
    assert Record.objects.latest("id").action == "accounts.access_refused"


def test_a_machine_moves_money_only_in_a_request_it_signed(root: User) -> None:
    machine = make_machine(root, "ledger:post")
    rows = [body(TRANSIT, FEES, metadata={"n": "x" * 400}) for _ in range(2500)]
    for path, sent in ((TRANSFERS, body(TRANSIT, FEES)), (BATCH, {"transfers": rows})):
        unsigned = machine.request("POST", path, sent)
        assert code_of(deliver(unsigned)) == (403, "SIGNATURE_REQUIRED")
        assert not Transfer.objects.exists() or path == BATCH
        request = machine.request("POST", path, sent, Idempotency_Key=path)
        signed = machine.sign(request)
        assert deliver(signed).status_code in {200, 201}
    assert Transfer.objects.count() == 2501


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sides", [30, pytest.param(90, marks=pytest.mark.soak)])
def test_one_key_from_many_sides_is_one_transfer(
    api: Any, root: User, settings: Any, sides: int
) -> None:
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    client, sent = api(root), body(TRANSIT, customer("ana"))
    other = {**sent, "amount": "11.00"}
    acts = [lambda each=each: send(client, TRANSFERS, each) for each in (sent, other)]
    half = sides // 2
    answers = Counter(each.status_code for each in together(*(acts * half)))
    assert answers == {201: 1, 200: half - 1, 409: half}
    [transfer] = Transfer.objects.all()
    assert transfer.amount in {1000, 1100}
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_batches_that_overlap_book_each_key_once(
    api: Any, root: User, settings: Any
) -> None:
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    ana, beto, client = customer("ana"), customer("beto"), api(root)
    rows = [body(*pair, "1.00") for pair in [(TRANSIT, ana), (TRANSIT, beto)] * 100]
    orders = [rows, rows[::-1], rows[::2], rows[1::2]] * 2
    acts = [lambda o=order: send(client, BATCH, {"transfers": o}) for order in orders]
    counted: Counter[str] = Counter()
    for answer in together(*acts):
        counted += Counter(answer.json()["counts"])
    assert counted == {"posted": 200, "already_posted": 1000}
    assert (amount_of(ana), amount_of(beto)) == (10_000, 10_000)
    assert findings() == []
