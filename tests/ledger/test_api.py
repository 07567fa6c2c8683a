"""The books over the API: read by who may, refused to all others."""

from typing import Any

import pytest

from accounts import roles
from accounts.models import User
from areamedica.money import CURRENCIES
from ledger.chart import LINES
from ledger.models import Transfer
from ledger.services.posting import post
from tests.ledger.books import DAY, FEES, TRANSIT, customer, posting

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LEDGER = "/api/v1/ledger"
NOBODY = "6f1d1c52-0f0e-4c1b-9d0a-3f6a5f8f7e21"


def test_the_accounts_are_read_page_by_page_in_the_order_of_their_codes(
    api: Any, aldo: User
) -> None:
    client = api(aldo)
    codes, after = [], ""
    while after is not None:
        page = client.get(f"{LEDGER}/accounts", {"limit": 5, "after": after}).json()
        codes += [each["code"] for each in page["items"]]
        after = page["next_after"]
    assert codes == sorted(set(codes))
    assert len(codes) == len(LINES) * len(CURRENCIES)
    [one] = client.get(f"{LEDGER}/accounts", {"code": "1110-VES"}).json()["items"]
    assert one["id"] == str(TRANSIT)
    assert client.get(f"{LEDGER}/accounts/{TRANSIT}").json() == one
    assert (one["kind"], one["currency"], one["owner_id"]) == ("asset", "VES", None)


def test_balance_history_and_entry_of_an_account(api: Any, aldo: User) -> None:
    ana, client = customer("ana"), api(aldo)
    for amount in ("10.00", "5.25"):
        post(posting(TRANSIT, ana, amount))
    post(posting(ana, FEES, "0.25"))
    assert client.get(f"{LEDGER}/accounts/{ana}/balance").json() == {
        "account_id": str(ana),
        "amount": "15.00",
        "held": "0.00",
        "currency": "VES",
        "is_frozen": False,
    }
    page = client.get(f"{LEDGER}/accounts/{ana}/history", {"limit": 2}).json()
    assert [
        (each["seq"], each["side"], each["amount"], each["balance"])
        for each in page["items"]
    ] == [(3, "debit", "0.25", "15.00"), (2, "credit", "5.25", "15.25")]
    rest = client.get(
        f"{LEDGER}/accounts/{ana}/history", {"before": page["next_before"]}
    ).json()
    assert [each["seq"] for each in rest["items"]] == [1]
    assert rest["next_before"] is None
    entry = client.get(f"{LEDGER}/entries/{rest['items'][0]['transfer_id']}").json()
    assert entry["debit_id"] == str(TRANSIT)
    assert entry["credit_id"] == str(ana)
    assert (entry["amount"], entry["currency"]) == ("10.00", "VES")
    assert entry["effective"] == DAY.isoformat()
    assert entry["cause"] == {"type": "test", "id": "1"}


@pytest.mark.parametrize("query", [{"before": 0}, {"limit": 501}, {"before": "x"}])
def test_a_query_that_makes_no_sense_is_refused(
    api: Any, aldo: User, query: dict[str, Any]
) -> None:
    answer = api(aldo).get(f"{LEDGER}/accounts/{TRANSIT}/history", query)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", ["/accounts/{}", "/accounts/{}/balance", "/accounts/{}/history"]
)
@pytest.mark.parametrize("name", [NOBODY, "1110-VES"])
def test_an_account_that_is_none_is_not_found(
    api: Any, aldo: User, path: str, name: str
) -> None:
    answer = api(aldo).get(LEDGER + path.format(name))
    assert answer.json()["error"]["code"] == "ACCOUNT_NOT_FOUND"


@pytest.mark.parametrize("name", [NOBODY, "x"])
def test_an_entry_that_is_none_is_not_found(api: Any, aldo: User, name: str) -> None:
    answer = api(aldo).get(f"{LEDGER}/entries/{name}")
    assert answer.json()["error"]["code"] == "ENTRY_NOT_FOUND"


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role_by_every_address(api: Any, person: Any, role: str) -> None:
    post(posting(TRANSIT, customer("ana")))
    [transfer] = Transfer.objects.all()
    client = api(person("paula", role))
    answers = {
        client.get(LEDGER + path).status_code
        for path in (
            "/accounts",
            f"/accounts/{TRANSIT}",
            f"/accounts/{TRANSIT}/balance",
            f"/accounts/{TRANSIT}/history",
            f"/entries/{transfer.pk}",
        )
    }
    may = role in {"bookkeeper", "auditor", "admin"}
    assert answers == ({200} if may else {403})


def test_a_stranger_signs_in_first(api: Any) -> None:
    assert api(None).get(f"{LEDGER}/accounts").status_code == 401
