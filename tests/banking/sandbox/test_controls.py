import datetime as dt
import time
import urllib.parse

import pytest
import requests

from .conftest import ACCOUNT, DAY, Bank, verdict
from .test_questions import MOBILE
from .test_rows import PAYMENT, TRANSFER

SIMPLE = {"Authorization": "Bearer sandbox-key"}


def test_a_movement_is_stored_with_its_defaults(sandbox: Bank) -> None:
    written = sandbox.write(reference="88120", amount=1240.5)
    caracas = dt.datetime.now(dt.timezone(dt.timedelta(hours=-4)))
    assert written["date"] == caracas.date().isoformat()
    assert {
        name: written[name]
        for name in ("kind", "type", "amount", "payer_bank", "currency", "account")
    } == {
        "kind": "TRANSFER",
        "type": "CR",
        "amount": "1240.50",
        "payer_bank": "0134",
        "currency": "Bs",
        "account": ACCOUNT,
    }
    assert sandbox.control("GET", "/movements").json() == [written]


@pytest.mark.parametrize(
    "spelling",
    [
        "04141230199",
        "584141230199",
        "+584141230199",
        "00584141230199",
        "4141230199",
        "0414-123 01 99",
    ],
)
def test_any_venezuelan_spelling_of_a_phone_is_understood(
    sandbox: Bank, spelling: str
) -> None:
    written = sandbox.write(**{**PAYMENT, "payer_phone": spelling})
    assert written["payer_phone"] == "584141230199"


def test_a_list_is_written_whole_or_not_at_all(sandbox: Bank) -> None:
    answer = sandbox.control("POST", "/movements", [PAYMENT, TRANSFER])
    assert answer.status_code == 201
    assert [row["reference"] for row in answer.json()] == [
        "000012473078",
        "00000088120",
    ]
    half = [TRANSFER, {"reference": "1", "amount": "free"}]
    assert sandbox.control("POST", "/movements", half).status_code == 400
    assert len(sandbox.control("GET", "/movements").json()) == 2
    assert len(sandbox.control("GET", "/movements?limit=1").json()) == 1


def test_a_deleted_movement_is_not_found_again(sandbox: Bank) -> None:
    written = sandbox.write(**PAYMENT)
    assert verdict(sandbox.ask(**MOBILE)) == (200, "200")
    path = f"/movements/{written['id']}"
    assert sandbox.control("DELETE", path).status_code == 200
    assert sandbox.control("DELETE", path).status_code == 404
    assert verdict(sandbox.ask(**MOBILE)) == (200, "70001")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": "1.234,56"}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 1.005}, "amount"),
        ({"amount": True}, "amount"),
        ({"reference": "ABC"}, "reference"),
        ({"reference": ""}, "reference"),
        ({"date": "14/03/2026"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"time": "25:00"}, "time"),
        ({"kind": "cheque"}, "kind"),
        ({"kind": "interbank", "payer_bank": "0134"}, "payer_bank"),
        ({"type": "XX"}, "type"),
        ({"payer_phone": "02121234567"}, "payer_phone"),
        ({"payer_phone": None}, "payer_phone"),
        ({"payer_bank": "12345"}, "payer_bank"),
        ({"account": "0134"}, "account"),
        ({"lone_object": "yes"}, "lone_object"),
        ({"visible_after_seconds": -1}, "visible_after_seconds"),
        ({"payer": "Ana"}, "payer"),
    ],
)
def test_a_bad_movement_is_refused_with_a_sentence(
    sandbox: Bank, changed: dict[str, object], field: str
) -> None:
    answer = sandbox.control("POST", "/movements", {**PAYMENT, **changed})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.json()["error"].endswith(".")
    assert sandbox.control("GET", "/movements").json() == []


@pytest.mark.parametrize("missing", ["reference", "amount"])
def test_a_movement_needs_its_reference_and_amount(sandbox: Bank, missing: str) -> None:
    given = {name: value for name, value in PAYMENT.items() if name != missing}
    answer = sandbox.control("POST", "/movements", given)
    assert answer.json()["error"] == f"A movement needs its {missing}."


def test_a_body_that_is_not_json_is_refused(sandbox: Bank) -> None:
    url = f"{sandbox.url}/sandbox/movements"
    assert requests.post(url, data="{", timeout=5).status_code == 400


def test_every_call_is_on_record(sandbox: Bank) -> None:
    written = sandbox.write(**PAYMENT)
    sandbox.ask(**MOBILE)
    requests.get(f"{sandbox.url}/elsewhere", timeout=5)
    token, query, other = sandbox.requests()
    assert (token["kind"], token["transaction"]) == (
        "token",
        {"grant_type": "password", "client_id": "sandbox"},
    )
    assert query["transaction"] == MOBILE
    assert (query["status"], query["code"], query["modality"]) == (200, "200", "mobile")
    assert query["movements"] == [written["id"]]
    assert query["duration_ms"] >= 0
    assert dt.datetime.fromisoformat(query["at"]).tzinfo is not None
    assert (other["kind"], other["status"]) == ("other", 404)
    summary = sandbox.control("GET", "/requests?limit=1").json()
    assert summary["requests"] == [other]
    assert summary["counts"] == {"token": 1, "query": 1, "other": 1, "total": 3}
    assert summary["max_simultaneous"] == 1


def test_no_secret_is_on_record(sandbox: Bank) -> None:
    sandbox.ask(**MOBILE)
    said = sandbox.control("GET", "/requests").text
    assert "sandbox-secret" not in said
    assert sandbox.token not in said


def test_the_record_can_be_read_since_a_moment(sandbox: Bank) -> None:
    sandbox.log_in()
    sandbox.ask(**MOBILE)
    last = sandbox.requests()[-1]
    for spelled in (last["at"], urllib.parse.quote(last["at"])):
        found = sandbox.control("GET", f"/requests?since={spelled}").json()
        assert found["requests"] == [last]
    assert sandbox.control("GET", "/requests?since=2026-03-14").status_code == 400


def test_emptying_empties_everything(sandbox: Bank) -> None:
    sandbox.write(**PAYMENT)
    sandbox.spoil("down")
    sandbox.log_in()
    assert sandbox.control("DELETE", "").status_code == 200
    assert sandbox.control("GET", "/movements").json() == []
    assert sandbox.control("GET", "/faults").json() == []
    summary = sandbox.control("GET", "/requests").json()
    assert (summary["requests"], summary["max_simultaneous"]) == ([], 0)


def test_settings_change_at_once(sandbox: Bank) -> None:
    sandbox.become(latency_ms=150)
    began = time.monotonic()
    sandbox.log_in()
    assert time.monotonic() - began >= 0.15
    assert sandbox.control("GET", "/settings").json()["latency_ms"] == 150


@pytest.mark.parametrize(
    "settings", [{"flavour": "prod"}, {"latency_ms": -1}, {"port": 1}, []]
)
def test_odd_settings_are_refused(sandbox: Bank, settings: object) -> None:
    assert sandbox.control("PUT", "/settings", settings).status_code == 400


def test_too_many_questions_a_minute_are_turned_away(sandbox: Bank) -> None:
    sandbox.become(max_per_minute=2)
    codes = [verdict(sandbox.ask(**MOBILE)) for _ in range(3)]
    assert codes == [(200, "70001"), (200, "70001"), (429, "VRN05")]
    wait = int(sandbox.ask(**MOBILE).headers["Retry-After"])
    assert 50 < wait <= 60


def test_another_sites_page_cannot_touch_the_controls(sandbox: Bank) -> None:
    url = f"{sandbox.url}/sandbox"
    foreign = {"Origin": "https://example.com"}
    assert requests.delete(url, headers=foreign, timeout=5).status_code == 403
    own = {"Origin": sandbox.url}
    assert requests.delete(url, headers=own, timeout=5).status_code == 200


def test_an_unknown_control_is_a_404(sandbox: Bank) -> None:
    assert sandbox.control("GET", "/nothing").status_code == 404
    assert sandbox.control("PATCH", "/movements").status_code == 404


def test_the_page_is_spanish_and_needs_nothing_from_outside(sandbox: Bank) -> None:
    answer = requests.get(sandbox.url, timeout=5)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Simular un pago" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "innerHTML" not in answer.text
    assert "src=" not in answer.text
    assert sandbox.requests() == []


def test_the_simple_contract_finds_by_reference_or_id(sandbox: Bank) -> None:
    sandbox.write(**{**PAYMENT, "amount": 100, "transaction_id": "TEST 123"})
    for name in ("000012473078", "TEST%20123"):
        url = f"{sandbox.url}/simple/transactions/{name}"
        answer = requests.get(url, headers=SIMPLE, timeout=5)
        body = answer.json()
        assert (answer.status_code, body["status"]) == (200, "COMPLETED")
        assert body["transaction_id"] == urllib.parse.unquote(name)
        assert '"amount": 100.0,' in answer.text
        assert body["details"]["trnDate"] == DAY
        assert body["details"]["referenceNumber"] == "000012473078"


def test_the_simple_contract_refuses_and_misses(sandbox: Bank) -> None:
    sandbox.write(**TRANSFER, type="DB")
    url = f"{sandbox.url}/simple/transactions/00000088120"
    assert requests.get(url, headers=SIMPLE, timeout=5).status_code == 404
    wrong = {"Authorization": "Bearer wrong"}
    assert requests.get(url, headers=wrong, timeout=5).status_code == 401
    sandbox.spoil("rate_limited", calls=1)
    assert requests.get(url, headers=SIMPLE, timeout=5).status_code == 429
    sandbox.spoil("bad_token", calls=1)
    assert requests.get(url, headers=SIMPLE, timeout=5).status_code == 401
