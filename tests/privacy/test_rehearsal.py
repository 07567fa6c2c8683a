"""The rehearsal follows payments as a stranger would, and names what was spoiled."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import SYSTEM_ID, User
from audit.models import Record
from audit.seal.sealing import seal
from banking.models import BankQuestion
from tests.bank import Bank
from tests.journaled import staged, unguarded
from tests.privacy.people import approved, asked_for, paid
from transactions.models import Transaction
from transactions.services.erase import carry_out
from transactions.services.rehearsal import CODES, rehearse

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def row(ana: User, ruben: User, bank: Bank) -> Transaction:
    found = approved(ana, ruben, bank)
    seal()
    return found


def codes() -> list[str]:
    return [each.code for each in rehearse(sample=5, actor_id=SYSTEM_ID).findings]


def by_force(table: str, statement: str) -> None:
    with unguarded(table) as cursor:
        cursor.execute(statement)


def test_an_honest_clinic_passes(row: Transaction, ana: User, bank: Bank) -> None:
    paid(ana, bank)
    seal()
    said = io.StringIO()
    call_command("rehearse_audit", stdout=said)
    assert "Se siguieron 2 pagos" in said.getvalue()
    assert "nada que objetar" in said.getvalue()
    # Taking evidence is journaled about the payment, so that is sealed first too.
    seal()
    said = io.StringIO()
    call_command("rehearse_audit", "--json", "--sample", "1", stdout=said)
    assert json.loads(said.getvalue()) == {
        "verdict": True,
        "payments": 1,
        "findings": [],
    }
    assert Record.objects.filter(action="audit.evidence_exported").exists()


def test_an_erased_person_leaves_a_payment_that_can_still_be_followed(
    row: Transaction, root: User, person: Any
) -> None:
    carry_out(request_id=asked_for(root).pk, actor=person("pia", "admin"))
    seal()
    assert codes() == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda _: BankQuestion.objects.all().delete(), "bank_never_showed_it"),
        (lambda row: row.credit.delete(), "no_credit"),
        (lambda _: Transaction.objects.update(amount=1), "credit_differs"),
        (
            lambda _: by_force("ledger_transfer", "DELETE FROM ledger_transfer"),
            "not_booked",
        ),
        (
            lambda _: by_force(
                "ledger_transfer", "UPDATE ledger_transfer SET amount = amount + 1"
            ),
            "booked_otherwise",
        ),
        (
            lambda _: by_force(
                "audit_record",
                "DELETE FROM audit_record WHERE action = 'transactions.moved'",
            ),
            "journal_lacks_it",
        ),
        (
            lambda row: by_force(
                "audit_record",
                f"UPDATE audit_record SET actor_id = '{row.created_by_id}'",
            ),
            "decided_by_its_author",
        ),
        (
            lambda row: Transaction.objects.update(decided_by=SYSTEM_ID),
            "journal_names_another",
        ),
        (
            lambda _: by_force("audit_leaf", "UPDATE audit_leaf SET entry = '{}'"),
            "seal_does_not_hold",
        ),
    ],
)
def test_what_was_spoiled_is_named(
    row: Transaction, spoil: Callable[[Transaction], None], code: str
) -> None:
    with staged():
        spoil(row)
    assert code in CODES
    assert code in codes()
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("rehearse_audit", "--language", "en", stdout=said)
    assert str(row.pk) in said.getvalue()
    assert "would object" in said.getvalue()


def test_what_is_not_sealed_is_no_evidence(ana: User, ruben: User, bank: Bank) -> None:
    approved(ana, ruben, bank)
    assert codes() == ["seal_does_not_hold"]


def test_nothing_to_follow_is_no_verdict(db: None) -> None:
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("rehearse_audit", stdout=said)
    assert "No había nada que seguir" in said.getvalue()
