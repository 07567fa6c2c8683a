"""Reading: both list contracts, every filter, and one transaction's sub-pages."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from areamedica.clock import CARACAS
from tests.transactions.bodies import TRANSACTIONS, claim, today
from transactions.models import Transaction
from transactions.services.submit import submit
from transactions.states import State, Type

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def rows(ana: User) -> list[Transaction]:
    """Twelve, a minute apart, the last the newest."""
    made = []
    for number in range(12):
        mobile = number % 2 == 1
        row = submit(
            author=ana,
            claim=claim(
                type=Type.MOBILE_PAYMENT if mobile else Type.TRANSFER,
                reference=f"00{number:02}417{number:03}",
                customer_full_name="José Ñáñez" if number < 3 else "Ana Gil",
                customer_document=f"V1234{number:03}",
                customer_phone="584141234567" if mobile else "584121234567",
                payer_phone="584141234567" if mobile else "",
                bank_code="0102" if mobile else "",
                amount=Decimal(number + 1),
            ),
            now=timezone.now(),
        ).transaction
        moment = timezone.now() - timedelta(minutes=60 - number)
        Transaction.objects.filter(pk=row.pk).update(created_at=moment)
        made.append(Transaction.objects.get(pk=row.pk))
    return made


@pytest.fixture
def get(api: Any, carla: User) -> Any:
    client = api(carla)

    def read(path: str = "", **query: Any) -> Any:
        return client.get(TRANSACTIONS + path, query)

    return read


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


def pks(rows: list[Transaction]) -> list[str]:
    return [str(row.pk) for row in rows]


def test_pages_as_the_seed_reads_them(get: Any, rows: list[Transaction]) -> None:
    body = get(page=2, size=5).json()
    assert [item["id"] for item in body["items"]] == pks(rows[::-1][5:10])
    del body["items"]
    assert body == {
        "total": 12,
        "page": 2,
        "size": 5,
        "pages": 3,
        "limit": 5,
        "offset": 5,
    }


def test_limit_and_offset_as_the_front_end_reads_them(
    get: Any, rows: list[Transaction]
) -> None:
    body = get(offset=10, limit=10).json()
    assert [item["id"] for item in body["items"]] == pks(rows[::-1][10:])
    assert (body["total"], body["offset"], body["limit"]) == (12, 10, 10)


def test_page_size_is_an_alias_and_a_hundred_the_most(
    get: Any, rows: list[Transaction]
) -> None:
    assert get(page_size=3).json()["size"] == 3
    assert get(size=1000).json()["size"] == 100
    assert get(page=99).json()["items"] == []


def test_a_cursor_walks_all_rows_once(get: Any, rows: list[Transaction]) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = get(cursor=cursor, size=5).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert seen == pks(rows[::-1])


def test_equal_times_do_not_trip_the_cursor(get: Any, rows: list[Transaction]) -> None:
    Transaction.objects.update(created_at=timezone.now())
    first = get(cursor="", size=7).json()
    second = get(cursor=first["next_cursor"], size=7).json()
    seen = [item["id"] for item in first["items"] + second["items"]]
    assert sorted(seen) == sorted(pks(rows))


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"status": "COMPLETED"}, [4]),
    ({"status": ["COMPLETED", "CANCELED"]}, [4, 5]),
    ({"status": "COMPLETED,CANCELLED"}, [4, 5]),
    ({"status": "completed"}, [4]),
    ({"search": "ñáñez"}, [0, 1, 2]),
    ({"search": "nanez jose"}, [0, 1, 2]),
    ({"search": "nane"}, [0, 1, 2]),
    ({"search": "417003"}, [3]),
    ({"search": "7003"}, [3]),
    ({"search": "V1234003"}, [3]),
    ({"search": "1234003"}, [3]),
    ({"search": "0003417003"}, [3]),
    ({"search": "nobody"}, []),
    ({"search": "';--"}, []),
    ({"search": "& | ! :*"}, []),
    ({"reference": "0003417003"}, [3]),
    ({"reference": "417003"}, [3]),
    ({"phone": "04121234567", "size": 3}, [6, 8, 10]),
    ({"phone": "584121234567", "size": 3}, [6, 8, 10]),
    ({"phone": "x"}, []),
    ({"type": "MOBILE_PAYMENT", "size": 2}, [9, 11]),
    ({"bank": "BANESCO", "size": 2}, [8, 10]),
    ({"bank": "MOBILE_TRANSFER", "size": 2}, [9, 11]),
    ({"bank": "0102", "size": 2}, [9, 11]),
    ({"amount_min": "11"}, [10, 11]),
    ({"amount_max": "2.00"}, [0, 1]),
    ({"amount_min": "3", "amount_max": "4"}, [2, 3]),
    ({"start_date": "2999-01-01"}, []),
    ({"end_date": "2000-01-01"}, []),
    ({"from_date": "2000-01-01", "to_date": "9999-12-31", "size": 1}, [11]),
    ({"status": "", "search": "", "phone": "", "size": 1}, [11]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_every_filter(
    get: Any, rows: list[Transaction], query: dict[str, Any], expected: list[int]
) -> None:
    Transaction.objects.filter(pk=rows[4].pk).update(
        status=State.COMPLETED, completed_at=timezone.now(), details={}
    )
    Transaction.objects.filter(pk=rows[5].pk).update(status=State.CANCELED)
    found = ids(get(**query))
    assert found == pks([rows[index] for index in expected[::-1]])


@pytest.mark.parametrize("typed", ["d'leon", "D’León", "leon", "d leon"])
def test_an_apostrophe_does_not_hide_a_name(get: Any, ana: User, typed: str) -> None:
    found = submit(
        author=ana,
        claim=claim(reference="555555", customer_full_name="Rosa D’León"),
        now=timezone.now(),
    ).transaction
    assert ids(get(search=typed)) == [str(found.pk)]


def test_an_end_date_includes_its_whole_caracas_day(
    get: Any, rows: list[Transaction]
) -> None:
    from datetime import datetime

    late = datetime(2026, 3, 14, 23, 59, 59, tzinfo=CARACAS)
    Transaction.objects.filter(pk=rows[0].pk).update(created_at=late)
    assert ids(get(start_date="2026-03-14", end_date="2026-03-14")) == pks(rows[:1])
    assert ids(get(start_date="2026-03-15", end_date="2026-03-15")) == []


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("amount:asc", 0),
        ("amount:desc", 11),
        ("created_at:asc", 0),
        ("created_at", 0),
        ("status:asc,amount:desc", 11),
    ],
)
def test_sorting(get: Any, rows: list[Transaction], sort: str, first: int) -> None:
    assert ids(get(sort=sort, size=1)) == pks([rows[first]])


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "x"},
        {"page": "-1"},
        {"page": "٣"},
        {"size": "0"},
        {"limit": "1e3"},
        {"offset": "-1"},
        {"cursor": "%%%"},
        {"cursor": "bm90aGluZw"},
        {"cursor": "", "sort": "amount"},
        {"sort": "password"},
        {"sort": "amount:down"},
        {"status": "PAID"},
        {"type": "CASH"},
        {"start_date": "14/03/2026"},
        {"end_date": "2026-02-30"},
        {"amount_min": "1e5"},
        {"amount_max": "-5"},
    ],
)
def test_a_senseless_query_is_refused(get: Any, query: dict[str, Any]) -> None:
    answer = get(**query)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert error["details"]["fields"]


def test_totals_beyond_ten_thousand_are_estimates(
    get: Any, rows: list[Transaction], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("areamedica.api.paging.EXACT_TOTAL", 10)
    body = get().json()
    assert body["total_is_estimate"] is True
    assert body["total"] >= 11


def test_one_is_found_by_either_id(get: Any, rows: list[Transaction]) -> None:
    row = rows[0]
    by_uuid = get(f"/{row.pk}")
    by_own = get(f"/{row.transaction_id}/")
    assert by_uuid.json() == by_own.json()
    assert by_uuid.json()["id"] == str(row.pk)


def test_its_history_status_and_receipt(get: Any, rows: list[Transaction]) -> None:
    row = rows[0]
    events = get(f"/{row.pk}/events").json()
    assert [event["new_status"] for event in events] == ["IN_PROGRESS"]
    receipt = get(f"/{row.pk}/receipt")
    assert receipt["Content-Type"] == "application/pdf"
    assert receipt.content.startswith(b"%PDF-")


def test_the_status_path_asks_the_bank_when_that_is_useful(
    api: Any, ana: User, bank: Any
) -> None:
    client = api(ana)
    made = client.post(
        f"{TRANSACTIONS}/full-reference",
        {"reference": "000000088120", "customer_full_name": "Ana Gil"},
        format="json",
    ).json()
    asked = len(bank.questions)
    bank.add(kind="TRANSFER", reference="000000088120", amount="5.00", date=today())
    path = f"{TRANSACTIONS}/{made['id']}/status"
    waiting = client.get(path).json()
    assert waiting["status"] == "IN_PROGRESS"
    assert waiting["next_question_at"] is not None
    assert len(bank.questions) == asked
    _a_minute_passes()
    assert client.get(path).json()["status"] == "COMPLETED"
    assert client.get(path).json()["next_question_at"] is None


def _a_minute_passes() -> None:
    from django.db.models import F

    from banking.models import AskBudget
    from transactions.models import Inquiry

    AskBudget.objects.all().delete()
    Inquiry.objects.update(asked_at=F("asked_at") - timedelta(minutes=1))


def test_refresh_asks_now_within_the_budget(api: Any, ana: User, bank: Any) -> None:
    client = api(ana)
    made = client.post(
        f"{TRANSACTIONS}/full-reference",
        {"reference": "000000088120", "customer_full_name": "Ana Gil"},
        format="json",
    ).json()
    path = f"{TRANSACTIONS}/{made['id']}/refresh"
    spent = client.post(path)
    assert spent.status_code == 429
    assert spent.json()["error"]["code"] == "BANK_BUDGET_SPENT"
    assert 0 < int(spent["Retry-After"]) <= 61
    _a_minute_passes()
    assert client.post(path).status_code == 202
    _a_minute_passes()
    bank.add(kind="TRANSFER", reference="000000088120", amount="5.00", date=today())
    done = client.post(path)
    assert (done.status_code, done.json()["status"]) == (200, "COMPLETED")
    again = client.post(path)
    assert again.status_code == 422
    assert again.json()["error"]["code"] == "NOTHING_TO_REFRESH"
