"""The journal: one way in, exact bytes, nothing personal, guards that stand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from audit.actions import Action
from audit.canonical import canonical, pseudonym
from audit.models import Record
from audit.services import record
from tests.transactions.bodies import TRANSACTIONS, mobile

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_facts_have_one_form() -> None:
    facts: dict[str, object] = {
        "z": Decimal("1234.50"),
        "a": date(2026, 3, 14),
        "m": datetime(2026, 3, 14, 12, tzinfo=UTC),
        "id": UUID(int=1),
        "list": ["ñ", 1, None, True, ("x",)],
        "nested": {"b": 1, "a": 2},
    }
    assert canonical(facts) == (
        '{"a":"2026-03-14","id":"00000000-0000-0000-0000-000000000001",'
        '"list":["ñ",1,null,true,["x"]],"m":"2026-03-14T12:00:00+00:00",'
        '"nested":{"a":2,"b":1},"z":"1234.50"}'
    )


@pytest.mark.parametrize("odd", [1.5, object(), b"x", {1, 2}])
def test_a_fact_without_an_exact_form_is_a_bug(odd: object) -> None:
    with pytest.raises(TypeError):
        canonical({"odd": odd})


def test_a_pseudonym_is_stable_and_opaque() -> None:
    assert pseudonym("V12345678") == pseudonym("V12345678")
    assert pseudonym("V12345678") != pseudonym("V12345679")
    assert "1234" not in pseudonym("V12345678")


def test_a_record_goes_with_its_transaction(ana: User) -> None:
    before = Record.objects.count()

    @atomic
    def fail_afterwards() -> None:
        record(Action.EXPORTED, actor_id=ana.pk)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_afterwards()
    assert Record.objects.count() == before


def test_a_record_keeps_the_request_it_came_from(api: Any, ana: User) -> None:
    answer = api(ana).post(
        f"{TRANSACTIONS}/full-reference",
        {"reference": "123456", "customer_full_name": "Ana Gil"},
        format="json",
        headers={"X-Request-ID": "till-3-0001"},
    )
    assert answer.status_code == 201
    noted = Record.objects.get(action="transactions.recorded")
    assert noted.request_id == "till-3-0001"
    assert noted.subject_id == answer.json()["id"]


def test_nothing_personal_stands_in_the_journal(
    api: Any, ana: User, ruben: User, bank: Any
) -> None:
    bank.add(
        kind="MOBILE_PAYMENT",
        reference="000012417728",
        payer_phone="584141234567",
        payer_bank="0102",
        amount="1.00",
    )
    client = api(ana)
    made = client.post(
        f"{TRANSACTIONS}/partial-reference", mobile(), format="json"
    ).json()
    assert made["status"] == "TO_REVIEW"
    why = {"reason": "Habló con José Pérez, 04141234567"}
    api(ruben).post(f"{TRANSACTIONS}/{made['id']}/reject", why, format="json")
    api(ruben).get(f"{TRANSACTIONS}?search=V12345678")
    written = "".join(Record.objects.values_list("facts", flat=True))
    for canary in ("Pérez", "1234567", "12345678", "417728", "ana@"):
        assert canary not in written


def test_a_missing_guard_is_named() -> None:
    def guards() -> list[str]:
        found = run_checks(tags=["database"], databases=["default"])
        return [problem.msg for problem in found if problem.id == "audit.E001"]

    assert guards() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER append_only_rows")
    assert guards() == ["audit_record lacks its guard append_only_rows."]
