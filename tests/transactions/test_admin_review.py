"""Review in the back office: decided by POST, told in words, on to the next."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ledger.services.accounts import freeze
from tests.bank import Bank
from tests.ledger.books import TRANSIT
from tests.transactions.desk import ADMIN, arrives, asked, in_review, recorded
from transactions.models import BankCredit, Transaction

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]

QUEUE = f"{ADMIN}queue/"


def seen(answer: Any) -> str:
    return str(answer.content.decode())


def decide(client: Client, row: Transaction, verb: str, **said: Any) -> Any:
    """Press a button of the review page as it was shown just now."""
    shown = client.get(f"{ADMIN}{row.pk}/review/")
    version = shown.context["version"] if shown.context else ""
    body = {"seen": version, "code": "", "note": "Visto", **said}
    return client.post(f"{ADMIN}{row.pk}/{verb}/", body, follow=True)


def test_the_oldest_waits_at_the_top_of_the_queue(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    first = in_review(ana, bank)
    second = in_review(ana, bank, reference="000099999999")
    page = seen(back_office(ruben).get(QUEUE))
    assert page.index(str(first.pk)) < page.index(str(second.pk))
    assert "Bs. 2.350,75" in page


def test_approving_books_the_banks_amount_and_goes_to_the_next(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    following = in_review(ana, bank, reference="000099999999")
    answer = decide(
        back_office(ruben), row, "approve", credit="0", code="receipt", note=""
    )
    row.refresh_from_db()
    assert (row.status, row.status_reason) == ("COMPLETED", "APPROVED")
    assert row.amount == Decimal("2350.74")
    assert row.decided_by_id == ruben.pk
    assert answer.redirect_chain[-1][0] == f"{ADMIN}{following.pk}/review/"
    last = row.events.last()
    assert last is not None
    assert last.note == "Comparado con el comprobante del paciente"


def test_rejecting_the_last_one_ends_at_the_empty_queue(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    answer = decide(back_office(ruben), row, "reject", code="amount", note="Faltan")
    row.refresh_from_db()
    assert (row.status, row.status_reason) == ("CANCELED", "REJECTED")
    assert answer.redirect_chain[-1][0] == QUEUE
    assert "No hay nada pendiente" in seen(answer)


@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
def test_no_decision_is_made_without_a_reason(
    back_office: Any, ana: User, ruben: User, bank: Bank, verb: str
) -> None:
    row = in_review(ana, bank)
    answer = decide(back_office(ruben), row, verb, credit="0", note="  ")
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"
    assert "Diga por qué" in seen(answer)


@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
def test_nobody_decides_his_own(
    back_office: Any, ruben: User, bank: Bank, verb: str
) -> None:
    row = in_review(ruben, bank)
    client = back_office(ruben)
    page = seen(client.get(f"{ADMIN}{row.pk}/review/"))
    assert 'data-opens="approve"' not in page
    assert "aquí no hay botones" in page
    answer = decide(client, row, verb, credit="0")
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"
    assert "Nadie decide una transacción que él mismo" in seen(answer)


def test_the_refusal_of_the_books_is_told_in_words(
    back_office: Any, ana: User, ruben: User, root: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    freeze(account_id=TRANSIT, actor=root, reason="Auditoría")
    answer = decide(back_office(ruben), row, "approve", credit="0")
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"
    assert "Una cuenta del asiento está congelada." in seen(answer)
    assert not BankCredit.objects.exists()


@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
def test_what_changed_meanwhile_is_looked_at_again(
    back_office: Any, ana: User, ruben: User, bank: Bank, verb: str
) -> None:
    row = in_review(ana, bank)
    answer = decide(back_office(ruben), row, verb, credit="0", seen="1.0-0")
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"
    assert "véala de nuevo" in seen(answer)


def test_two_people_approve_a_large_amount(
    back_office: Any, ana: User, ruben: User, rosa: User, bank: Bank
) -> None:
    row = in_review(ana, bank, shown="60000.00", amount=Decimal("60001.00"))
    client = back_office(ruben)
    page = seen(client.get(f"{ADMIN}{row.pk}/review/"))
    assert "Por encima de Bs. 50.000,00 aprueban dos revisores" in page
    decide(client, row, "approve", credit="0")
    row.refresh_from_db()
    assert (row.status, row.first_approver_id) == ("TO_REVIEW", ruben.pk)
    again = decide(client, row, "approve", credit="0")
    assert "usted fue el primero" in seen(again)
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"
    second = back_office(rosa)
    assert "Ruben aprobó primero" in seen(second.get(f"{ADMIN}{row.pk}/review/"))
    decide(second, row, "approve", credit="0")
    row.refresh_from_db()
    assert row.status == "COMPLETED"


def test_one_of_several_credits_is_chosen(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    transfer = {"type": "TRANSFER", "payer_phone": "", "bank_code": "0102"}
    for hour in ("09:00:00", "10:00:00"):
        bank.add(
            kind="TRANSFER",
            reference="000012417728",
            payer_bank="0102",
            amount="2350.75",
            time=hour,
            concept=hour,
        )
    row = asked(recorded(ana, **transfer))
    assert row.status_reason == "SEVERAL_CREDITS"
    client = back_office(ruben)
    refused = decide(client, row, "approve")
    assert "Varios abonos coinciden" in seen(refused)
    decide(client, row, "approve", credit="1")
    row.refresh_from_db()
    assert row.status == "COMPLETED"
    assert row.details == row.candidates[1]["row"]


def test_a_credit_that_pays_another_is_marked_and_refused(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    transfer = {"type": "TRANSFER", "payer_phone": ""}
    arrives(bank, kind="TRANSFER", payer_phone="")
    payer = asked(recorded(ana, **transfer))
    row = asked(recorded(ana, reference="777012417728", **transfer))
    assert row.status_reason == "CREDIT_ALREADY_USED"
    client = back_office(ruben)
    page = seen(client.get(f"{ADMIN}{row.pk}/review/"))
    assert "Ya paga otra transacción" in page
    assert str(payer.pk) in page
    answer = decide(client, row, "approve", credit="0")
    assert "Este abono ya paga otra transacción." in seen(answer)
    assert BankCredit.objects.count() == 1


def test_asking_again_asks_at_once(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    bank.empty()
    arrives(bank, "2350.75")
    decide(back_office(ruben), row, "reopen", code="later")
    row.refresh_from_db()
    assert row.status == "COMPLETED"
    assert row.corrected_by_id is None


def test_corrected_data_are_asked_about_at_once(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    decide(
        back_office(ruben),
        row,
        "reopen",
        correct="1",
        reference="000012417728",
        amount="2.350,74",
        operation_date=row.operation_date.isoformat(),
        bank_code="0102",
        payer_phone="04141234567",
    )
    row.refresh_from_db()
    assert row.status == "COMPLETED"
    assert row.claimed_amount == Decimal("2350.74")
    assert row.corrected_by_id == ruben.pk
    event = row.events.get(reason="REOPENED")
    assert event.metadata == {"corrected": ["claimed_amount"]}


def test_an_unreadable_correction_changes_nothing(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    answer = decide(
        back_office(ruben),
        row,
        "reopen",
        correct="1",
        reference="12x",
        amount="1.234",
    )
    row.refresh_from_db()
    assert (row.status, row.reference) == ("TO_REVIEW", "000012417728")
    assert "Solo dígitos, de 6 a 20." in seen(answer)


def test_a_correction_that_claims_anothers_money_is_refused(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    recorded(ana, reference="000055555555")
    row = in_review(ana, bank)
    answer = decide(
        back_office(ruben),
        row,
        "reopen",
        correct="1",
        reference="000055555555",
    )
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"
    assert "ya fue registrada" in seen(answer)


def test_what_the_bank_never_showed_cannot_be_approved(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = asked(recorded(ana))
    Transaction.objects.update(status="TO_REVIEW", status_reason="NOT_SEEN")
    client = back_office(ruben)
    page = seen(client.get(f"{ADMIN}{row.pk}/review/"))
    assert "no ha mostrado ningún abono" in page
    answer = decide(client, row, "approve")
    assert "El banco no ha mostrado este dinero" in seen(answer)
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"


def test_a_decided_one_shows_its_page_instead(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    arrives(bank)
    row = asked(recorded(ana))
    answer = back_office(ruben).get(f"{ADMIN}{row.pk}/review/")
    assert answer["Location"] == f"{ADMIN}{row.pk}/change/"
