"""The page of one transaction: what it shows, and the buttons a person gets."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from banking.models import AskBudget
from tests.bank import Bank
from tests.transactions.desk import ADMIN, arrives, asked, in_review, recorded
from transactions.models import Inquiry, Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def page_of(row: Transaction) -> str:
    return f"{ADMIN}{row.pk}/change/"


def seen(answer: Any) -> str:
    return str(answer.content.decode())


def test_claim_and_bank_stand_side_by_side_with_the_difference_marked(
    back_office: Any, ana: User, carla: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    page = seen(back_office(carla).get(page_of(row)))
    assert "Bs. 2.350,75" in page
    assert "Bs. 2.350,74" in page
    assert "am-cell--differs" in page
    assert "faltan Bs. 0,01" in page


def test_phones_and_references_of_questions_are_masked(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    page = seen(back_office(ruben).get(page_of(row)))
    told = page[page.index("<pre>") : page.index("</pre>")]
    assert "584141234567" not in told
    assert "********4567" in told


def test_support_sees_no_answer_of_the_bank_and_no_buttons(
    back_office: Any, ana: User, carla: User, bank: Bank
) -> None:
    row = asked(recorded(ana))
    page = seen(back_office(carla).get(page_of(row)))
    assert "<pre>" not in page
    for verb in ("ask", "withdraw", "evidence"):
        assert f"{row.pk}/{verb}/" not in page


def test_the_live_part_says_nothing_until_something_changes(
    back_office: Any, ana: User, bank: Bank
) -> None:
    row = asked(recorded(ana))
    client = back_office(ana)
    first = client.get(f"{ADMIN}{row.pk}/live/")
    assert first.status_code == 200
    version = first.context["version"]
    assert client.get(f"{ADMIN}{row.pk}/live/?version={version}").status_code == 204
    arrives(bank)
    AskBudget.objects.all().delete()
    asked(row)
    after = client.get(f"{ADMIN}{row.pk}/live/?version={version}")
    assert "El dinero llegó" in seen(after)
    assert "data-live" not in seen(after)


def test_the_bank_is_asked_at_the_press_of_a_button(
    back_office: Any, ana: User, bank: Bank
) -> None:
    row = recorded(ana)
    arrives(bank)
    answer = back_office(ana).post(f"{ADMIN}{row.pk}/ask/", follow=True)
    assert Transaction.objects.get().status == "COMPLETED"
    assert "Se preguntó al banco." in seen(answer)


def test_a_third_question_within_a_minute_is_refused_in_words(
    back_office: Any, ana: User, bank: Bank
) -> None:
    row = recorded(ana)
    client = back_office(ana)
    client.post(f"{ADMIN}{row.pk}/ask/")
    answer = client.post(f"{ADMIN}{row.pk}/ask/", follow=True)
    assert "como máximo dos veces por minuto" in seen(answer)
    assert len(bank.questions) == 2, "the two of this minute"


def test_a_silent_bank_is_told_as_such(back_office: Any, ana: User, bank: Bank) -> None:
    row = recorded(ana)
    bank.fail("down", calls=9)
    answer = back_office(ana).post(f"{ADMIN}{row.pk}/ask/", follow=True)
    assert "El banco no responde; seguimos preguntando solos." in seen(answer)


def test_a_decided_transaction_is_not_asked_about(
    back_office: Any, ana: User, bank: Bank
) -> None:
    arrives(bank)
    row = asked(recorded(ana))
    answer = back_office(ana).post(f"{ADMIN}{row.pk}/ask/", follow=True)
    assert "Solo se pregunta al banco por transacciones" in seen(answer)
    assert row.events.count() == 2


def test_its_author_withdraws_it_with_a_reason(
    back_office: Any, ana: User, bank: Bank
) -> None:
    row = recorded(ana)
    said = {"code": "gone", "note": "Vuelve mañana"}
    back_office(ana).post(f"{ADMIN}{row.pk}/withdraw/", said)
    row.refresh_from_db()
    assert (row.status, row.status_reason) == ("CANCELED", "WITHDRAWN")
    last = row.events.last()
    assert last is not None
    assert last.note == "El paciente se fue. Vuelve mañana"


def test_nobody_withdraws_without_a_reason(
    back_office: Any, ana: User, bank: Bank
) -> None:
    row = recorded(ana)
    answer = back_office(ana).post(f"{ADMIN}{row.pk}/withdraw/", {}, follow=True)
    row.refresh_from_db()
    assert row.status == "IN_PROGRESS"
    assert "Diga por qué" in seen(answer)


def test_another_cashier_does_not_withdraw_it(
    back_office: Any, ana: User, beto: User, bank: Bank
) -> None:
    row = recorded(ana)
    page = seen(back_office(beto).get(page_of(row)))
    assert 'data-opens="withdraw"' not in page
    answer = back_office(beto).post(
        f"{ADMIN}{row.pk}/withdraw/", {"code": "gone"}, follow=True
    )
    row.refresh_from_db()
    assert row.status == "IN_PROGRESS"
    assert "Solo quien la registró o un revisor" in seen(answer)


def test_others_with_the_same_digits_are_pointed_at(
    back_office: Any, ana: User, beto: User, bank: Bank
) -> None:
    recorded(ana)
    twin = recorded(beto, reference="777012417728", payer_phone="584120000000")
    page = seen(back_office(ana).get(page_of(twin)))
    assert "Otras con los mismos últimos dígitos" in page


def test_evidence_is_a_file_without_personal_data_and_journaled(
    back_office: Any, ana: User, root: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    answer = back_office(root).post(f"{ADMIN}{row.pk}/evidence/")
    assert answer["Content-Type"] == "application/json"
    assert "attachment" in answer["Content-Disposition"]
    assert "584141234567" not in seen(answer)
    journaled = Record.objects.get(action="banking.evidence_exported")
    assert journaled.actor_id == root.pk
    assert journaled.subject_id == str(row.pk)


def test_the_receipt_is_a_pdf(back_office: Any, ana: User, bank: Bank) -> None:
    arrives(bank)
    row = asked(recorded(ana))
    answer = back_office(ana).get(f"{ADMIN}{row.pk}/receipt/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("name", ["not-a-uuid", "00000000-0000-4000-8000-00000000ffff"])
def test_an_unknown_transaction_is_not_found(
    back_office: Any, ana: User, name: str
) -> None:
    assert back_office(ana).get(f"{ADMIN}{name}/change/").status_code == 404


def test_a_dead_letter_is_asked_again_by_hand(
    back_office: Any, ana: User, root: User, bank: Bank
) -> None:
    row = recorded(ana)
    Inquiry.objects.update(dead_at=timezone.now() - timedelta(hours=1), attempts=5)
    client = back_office(root)
    assert "José Pérez" in seen(client.get("/admin/transactions/inquiry/dead/"))
    client.post(f"/admin/transactions/inquiry/{row.pk}/replay/")
    inquiry = Inquiry.objects.get()
    assert (inquiry.dead_at, inquiry.attempts) == (None, 0)
    assert Record.objects.filter(action="transactions.inquiry_replayed").count() == 1
    again = client.post(f"/admin/transactions/inquiry/{row.pk}/replay/", follow=True)
    assert "No existe esa transacción." in seen(again)
