"""The reports over the API: what they say, to whom, and what they refuse."""

from datetime import date, timedelta
from typing import Any

import pytest

from accounts import roles
from accounts.models import User
from areamedica.clock import start_of
from ledger.services.posting import post
from tests.ledger.books import FEES, TRANSIT, customer, posting
from tests.ledger.past import account, random_book, write

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LEDGER = "/api/v1/ledger"
REPORTS = f"{LEDGER}/reports"
DAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(20)]
PERIOD = {"first": "2026-10-03", "last": "2026-10-12"}
NOBODY = "6f1d1c52-0f0e-4c1b-9d0a-3f6a5f8f7e21"
HEADING = account("2100")


def test_the_books_of_one_payment_and_its_fee(api: Any, aldo: User) -> None:
    ana, client = customer("ana"), api(aldo)
    post(posting(TRANSIT, ana, "10.00"))
    post(posting(ana, FEES, "1.50"))
    trial = client.get(f"{REPORTS}/trial-balance").json()
    assert (trial["currency"], trial["debit"], trial["credit"]) == (
        "VES",
        "10.00",
        "10.00",
    )
    assert [
        (line["code"], line["accounts"], line["debit"], line["credit"])
        for line in trial["lines"]
    ] == [
        ("1110-VES", 0, "10.00", "0.00"),
        ("2100-VES", 1, "0.00", "8.50"),
        ("4100-VES", 0, "0.00", "1.50"),
    ]
    sheet = client.get(f"{REPORTS}/balance-sheet").json()
    assert sheet["assets"]["total"] == "10.00"
    assert sheet["liabilities"]["total"] == "8.50"
    assert sheet["result"] == "1.50"
    period = {"first": "2026-11-01", "last": "2026-11-30"}
    result = client.get(f"{REPORTS}/income-statement", period).json()
    assert (result["income"]["total"], result["result"]) == ("1.50", "1.50")
    assert result["expenses"] == {"total": "0.00", "lines": []}
    below = client.get(f"{LEDGER}/accounts/{HEADING}/below").json()
    assert [line["amount"] for line in below["items"]] == ["8.50"]
    assert below["next_after"] is None


def test_reports_of_the_past_agree_with_one_another(api: Any, aldo: User) -> None:
    write(random_book(4, DAYS, 60))
    client = api(aldo)
    for currency in ("VES", "USD"):
        for moment in ({}, {"on": "2026-10-09"}, {"at": "2026-10-09T12:00:00-04:00"}):
            query = {"currency": currency, **moment}
            trial = client.get(f"{REPORTS}/trial-balance", query).json()
            assert trial["debit"] == trial["credit"]
            for line in trial["lines"]:
                if line["accounts"] == 0:
                    one = client.get(
                        f"{LEDGER}/accounts/{line['account_id']}/balance", moment
                    )
                    assert one.json()["amount"] == line["amount"]


def test_a_statement_is_paged_between_two_balances(api: Any, aldo: User) -> None:
    write(random_book(5, DAYS, 60))
    client, address = api(aldo), f"{LEDGER}/accounts/{TRANSIT}"
    for by, eve, end in (
        ("booked", {"at": start_of(DAYS[2])}, {"at": start_of(DAYS[12])}),
        ("effective", {"on": DAYS[1]}, {"on": DAYS[11]}),
    ):
        entries, query = [], {**PERIOD, "by": by, "limit": 4}
        while True:
            page = client.get(f"{address}/statement", query).json()
            entries += page["items"]
            if page["next_after"] is None:
                break
            query["after"] = page["next_after"]
        assert len(entries) > 4
        assert page["currency"] == "VES"
        assert page["opening"] == balance(client, eve)
        assert page["closing"] == balance(client, end) == entries[-1]["balance"]


def balance(client: Any, moment: dict[str, Any]) -> str:
    asked = {name: value.isoformat() for name, value in moment.items()}
    answer = client.get(f"{LEDGER}/accounts/{TRANSIT}/balance", asked)
    return str(answer.json()["amount"])


SENSELESS = [
    (f"accounts/{TRANSIT}/balance", {"at": "x"}),
    (f"accounts/{TRANSIT}/balance", {"on": "2026-13-01"}),
    (f"accounts/{TRANSIT}/balance", {"on": "9999-12-31"}),
    (f"accounts/{TRANSIT}/balance", {"on": "2026-11-01", "at": "2026-11-01T00:00Z"}),
    (f"accounts/{TRANSIT}/statement", {}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "last": "2026-10-01"}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "first": "0001-01-01"}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "after": "seven"}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "after": "9999-12-31.1.1"}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "after": "2026-10-02.1.1"}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "by": "name"}),
    (f"accounts/{TRANSIT}/statement", {**PERIOD, "limit": 0}),
    (f"accounts/{HEADING}/below", {"on": "yesterday"}),
    ("reports/trial-balance", {"currency": "XXX"}),
    ("reports/balance-sheet", {"at": "9999-12-31T23:59:59Z"}),
    ("reports/income-statement", {"first": "2026-10-01"}),
    ("reports/income-statement", {**PERIOD, "currency": "ves"}),
]


@pytest.mark.parametrize(("path", "query"), SENSELESS)
def test_a_query_that_makes_no_sense_is_refused(
    api: Any, aldo: User, path: str, query: dict[str, str]
) -> None:
    answer = api(aldo).get(f"{LEDGER}/{path}", query)
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("path", ["balance", "statement", "below"])
@pytest.mark.parametrize("name", [NOBODY, "1110-VES"])
def test_an_account_that_is_none_is_not_found(
    api: Any, aldo: User, path: str, name: str
) -> None:
    answer = api(aldo).get(f"{LEDGER}/accounts/{name}/{path}", PERIOD)
    assert answer.json()["error"]["code"] == "ACCOUNT_NOT_FOUND"


def test_only_a_heading_has_accounts_below(api: Any, aldo: User) -> None:
    answer = api(aldo).get(f"{LEDGER}/accounts/{TRANSIT}/below")
    assert answer.json()["error"]["code"] == "ACCOUNT_NOT_FOUND"


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role_by_every_report(api: Any, person: Any, role: str) -> None:
    client = api(person("paula", role))
    answers = {
        client.get(f"{LEDGER}/{path}", PERIOD).status_code
        for path in (
            f"accounts/{TRANSIT}/balance",
            f"accounts/{TRANSIT}/statement",
            f"accounts/{HEADING}/below",
            "reports/trial-balance",
            "reports/balance-sheet",
            "reports/income-statement",
        )
    }
    may = role in {"bookkeeper", "auditor", "admin"}
    assert answers == ({200} if may else {403})
