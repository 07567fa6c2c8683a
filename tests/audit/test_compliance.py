"""The report says what the sealed journal says, and nothing else."""

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from areamedica.clock import caracas_day
from audit.actions import Action
from audit.law import cards
from audit.law.compliance import report
from audit.models import Record
from audit.seal.sealing import seal
from audit.services import record
from tests.bank import Bank
from tests.journaled import staged, unguarded
from tests.privacy.people import DOCUMENT, approved, asked_for
from transactions.models import Transaction
from transactions.services.erase import carry_out

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

PAGE = "/admin/audit/record/compliance/"
URL = "/api/v1/audit/reports/compliance"
NO_PERIODS = [
    {"first": "2026-11-02", "last": "2026-11-01"},
    {"first": "0001-01-01", "last": "2026-11-01"},
    {"first": "2026-11-02", "last": "9999-12-31"},
]


def days() -> dict[str, Any]:
    today = caracas_day(timezone.now())
    return {"first": today, "last": today}


@pytest.fixture
def lived(ana: User, ruben: User, root: User, person: Any, bank: Bank) -> Transaction:
    """A decision, an erasure, a refusal and a right; all sealed."""
    row = approved(ana, ruben, bank)
    carry_out(request_id=asked_for(root).pk, actor=person("pia", "admin"))
    record(Action.ACCESS_REFUSED, actor_id=ana.pk, facts={"route": "x"})
    record(Action.ROLE_CHANGED, actor_id=root.pk, subject=("user", ana.pk))
    seal()
    return row


def test_a_clean_period(lived: Transaction, ana: User, ruben: User) -> None:
    made = report(**days())
    assert (made.is_clean, made.findings, made.country) == (True, [], "VE")
    (decision,) = made.decisions
    assert (decision.transaction, decision.decision) == (str(lived.pk), "APPROVED")
    assert (decision.recorded_by, decision.decided_by) == (str(ana.pk), str(ruben.pk))
    assert [each.action for each in made.rights] == ["accounts.role_changed"]
    assert made.failed_access["accounts.access_refused"] == 1
    (erasure,) = made.erasures
    assert erasure.hours == 0.0
    assert made.size == Record.objects.count() == made.records


def test_another_period_is_another_report(lived: Transaction) -> None:
    from datetime import timedelta

    day = days()["first"] - timedelta(days=400)
    made = report(first=day, last=day)
    assert (made.records, made.decisions, made.rights) == (0, [], [])


def forge(**facts: object) -> None:
    """What no service of ours writes: a journal that tells of a broken rule."""
    record(Action.TRANSACTION_MOVED, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "before", "decider", "violation"),
    [
        ("10.00", [], "ana", ["own_claim"]),
        ("10.00", ["corrected"], "ruben", ["own_claim"]),
        ("60000.00", [], "ruben", ["second_person_missing"]),
        ("60000.00", ["first"], "ruben", ["both_approvals"]),
        ("60000.00", ["first", "reopened"], "rosa", ["second_person_missing"]),
        ("60000.00", ["first"], "rosa", []),
        ("10.00", [], "ruben", []),
    ],
)
def test_a_broken_rule_is_named(
    ana: User,
    ruben: User,
    rosa: User,
    amount: str,
    before: list[str],
    decider: str,
    violation: list[str],
) -> None:
    about = ("transaction", "one")
    people = {"ana": ana, "ruben": ruben, "rosa": rosa}
    record(
        Action.TRANSACTION_RECORDED,
        actor_id=ana.pk,
        subject=about,
        facts={"amount": Decimal(amount)},
    )
    for what in before:
        match what:
            case "first":
                record(Action.FIRST_APPROVAL, actor_id=ruben.pk, subject=about)
            case "corrected":
                forge(actor_id=ruben.pk, subject=about, facts={"corrected": ["amount"]})
            case _:
                said = {"became": "IN_PROGRESS"}
                forge(actor_id=rosa.pk, subject=about, facts=said)
    said = {"became": "COMPLETED", "reason": "APPROVED"}
    forge(actor_id=people[decider].pk, subject=about, facts=said)
    seal()
    made = report(**days())
    assert [each.violations for each in made.decisions] == [violation]
    assert made.is_clean is (not violation)


def test_a_journal_that_does_not_agree_is_no_clean_report(lived: Transaction) -> None:
    with unguarded("audit_record") as cursor:
        cursor.execute("UPDATE audit_record SET facts = '{}' WHERE facts <> '{}'")
    made = report(**days())
    assert not made.is_clean
    assert any("facts" in finding for finding in made.findings)
    # What it tells is still what was sealed.
    assert [each.decision for each in made.decisions] == ["APPROVED"]


@pytest.mark.parametrize(
    ("text", "is_card"),
    [
        ("pagó con 0412 4111 1111 1111 1111", True),
        ("3782 822463 10005", True),
        ("v24003709 24003709 584128497348", False),
        ("36944158626 8626 58626", False),
        ("4111 1111 1111 1111", True),
        ("pagó con 5555-5555-5555-4444.", True),
        ("378282246310005", True),
        ("6011111111111117", True),
        ("4111111111111112", False),
        ("01340000000000000017", False),
        ("000012417728", False),
        ("V12345678 04141234567", False),
        ("9111111111111111", False),
    ],
)
def test_a_card_is_told_from_other_numbers(text: str, is_card: bool) -> None:
    assert cards.has_card(text) is is_card


def test_a_card_in_a_text_is_found_and_not_repeated(lived: Transaction) -> None:
    with staged():
        Transaction.objects.update(concept="tarjeta 4111 1111 1111 1111")
    made = report(**days())
    (suspect,) = made.card_suspects
    assert (suspect.table, suspect.column, suspect.rows) == (
        "transactions_transaction",
        "concept",
        1,
    )
    assert not made.is_clean
    assert "4111" not in json.dumps(made.as_dict(), default=str)


def test_the_api_gives_it_to_who_reads_the_journal(
    api: Any, lived: Transaction, aldo: User
) -> None:
    asked = {name: str(day) for name, day in days().items()}
    told = api(aldo).get(URL, asked).json()
    assert (told["kind"], told["is_clean"]) == (
        "areamedica/compliance-report/1",
        True,
    )
    assert DOCUMENT not in json.dumps(told)
    for wrong in NO_PERIODS:
        assert api(aldo).get(URL, wrong).status_code == 400
    assert api(aldo).get(URL).status_code == 400


@pytest.mark.parametrize("role", ["cashier", "support", "reviewer", "bookkeeper"])
def test_nobody_else_gets_it(api: Any, person: Any, role: str) -> None:
    assert api(person("visitor", role)).get(URL).status_code == 403


def test_it_is_read_on_paper_in_both_languages(
    lived: Transaction, ruben: User, tmp_path: Path
) -> None:
    day = str(days()["first"])
    said = ("--first", day, "--last", day)
    for language, words in [("es", "Quién decidió"), ("en", "Who decided")]:
        file = tmp_path / f"{language}.pdf"
        call_command("compliance_report", file, *said, "--language", language)
        text = "".join(page.extract_text() for page in PdfReader(file).pages)
        assert words in text
        assert ruben.full_name in text
    file = tmp_path / "report.json"
    call_command("compliance_report", file, *said, "--format", "json")
    assert json.loads(file.read_text())["is_clean"] is True


def test_the_page_shows_it_and_gives_the_file(
    back_office: Any, lived: Transaction, aldo: User
) -> None:
    client = back_office(aldo)
    asked = {name: str(day) for name, day in days().items()}
    page = client.get(PAGE, asked).content.decode()
    assert "Nada en este período necesita respuesta." in page
    assert "Ruben" in page
    answer = client.get(PAGE, {**asked, "format": "pdf"})
    assert PdfReader(io.BytesIO(answer.content)).pages
    assert client.get(PAGE, {**asked, "format": "json"}).json()["is_clean"] is True
    for wrong, words in zip(
        NO_PERIODS,
        ("termina antes de empezar", *["entre 2000 y 2100"] * 2),
        strict=True,
    ):
        assert words in client.get(PAGE, wrong).content.decode()
