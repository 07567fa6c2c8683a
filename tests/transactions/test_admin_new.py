"""Nueva consulta: typed by a cashier, answered at once, refused in words."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from tests.bank import Bank
from tests.transactions.desk import ADMIN, arrives, form, recorded
from transactions.admin.amounts import parse_typed
from transactions.models import Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

NEW = f"{ADMIN}new/"


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234", "1234.00"),
        ("1234,5", "1234.50"),
        ("1,234.56", "1234.56"),
        ("12.345.678,90", "12345678.90"),
        ("1.234.567", "1234567.00"),
        ("Bs. 850,00", "850.00"),
        ("0,01", "0.01"),
        ("007,50", "7.50"),
    ],
)
def test_an_amount_is_read_as_it_is_written_here(typed: str, amount: str) -> None:
    assert parse_typed(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    [
        "1.234",
        "1,234",
        "12.345",
        "0",
        "0,00",
        "-5,00",
        "1.23.456,00",
        "1.234,567",
        "1,2,3",
        "1e3",
        "١٢٣",
        "Bs.",
        "99999999999999999999,00",
    ],
)
def test_an_amount_that_could_mean_two_things_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        parse_typed(typed)


def test_the_verdict_stands_on_the_page_the_cashier_lands_on(
    back_office: Any, ana: User, bank: Bank
) -> None:
    arrives(bank)
    answer = back_office(ana).post(NEW, form(), follow=True)
    row = Transaction.objects.get()
    assert row.status == "COMPLETED"
    assert row.customer_full_name == "José Pérez"
    assert row.customer_document == "V12345678"
    assert row.payer_phone == "584141234567"
    assert row.claimed_amount == Decimal("2350.75")
    assert answer.redirect_chain[-1][0] == f"{ADMIN}{row.pk}/change/"
    assert "El dinero llegó" in answer.content.decode()


def test_a_transfer_needs_neither_phone_nor_document(
    back_office: Any, ana: User, bank: Bank
) -> None:
    typed = form(kind="TRANSFER", number="", document="", bank_code="0134", amount="")
    back_office(ana).post(NEW, typed)
    row = Transaction.objects.get()
    assert (row.type, row.bank, row.claimed_amount) == ("TRANSFER", "BANESCO", None)
    assert (row.payer_phone, row.customer_phone) == ("", "")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("reference", "12a456"),
        ("reference", "12345"),
        ("reference", ""),
        ("amount", "1.234"),
        ("amount", "-1"),
        ("bank_code", "9999"),
        ("bank_code", ""),
        ("operation_date", "9999-01-01"),
        ("operation_date", "1999-01-01"),
        ("operation_date", ""),
        ("number", "123"),
        ("number", ""),
        ("phone_prefix", "0212"),
        ("document", "12"),
        ("document", ""),
        ("full_name", "Jоsé Pérez"),
        ("full_name", "R2D2"),
        ("full_name", "x\x00y"),
        ("kind", "CASH"),
        ("concept", "x" * 501),
    ],
)
def test_what_cannot_be_read_stays_on_the_form(
    back_office: Any, ana: User, field: str, typed: str
) -> None:
    answer = back_office(ana).post(NEW, form(**{field: typed}))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not Transaction.objects.exists()


def test_a_claimed_payment_is_refused_with_a_link_to_who_has_it(
    back_office: Any, ana: User, beto: User, bank: Bank
) -> None:
    first = recorded(ana)
    answer = back_office(beto).post(NEW, form(full_name="María Núñez"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'href="{ADMIN}{first.pk}/change/"' in page
    assert "La referencia 000012417728 ya fue registrada." in page
    assert 'value="María Núñez"' in page
    assert Transaction.objects.count() == 1


def test_a_form_sent_twice_is_one_transaction(
    back_office: Any, ana: User, bank: Bank
) -> None:
    typed = form(client_id="AM-0123456789AB")
    first = back_office(ana).post(NEW, typed)
    asked = len(bank.questions)
    second = back_office(ana).post(NEW, typed)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Transaction.objects.count() == 1
    assert len(bank.questions) == asked


def test_the_bank_being_away_keeps_nobody_from_recording(
    back_office: Any, ana: User, bank: Bank
) -> None:
    bank.fail("down", calls=9)
    answer = back_office(ana).post(NEW, form(), follow=True)
    assert answer.status_code == 200
    assert Transaction.objects.get().status == "IN_PROGRESS"
    assert "data-live" in answer.content.decode()


def test_a_whole_number_may_be_pasted_beside_the_prefix(
    back_office: Any, ana: User, bank: Bank
) -> None:
    back_office(ana).post(NEW, form(number="0424-765 4321"))
    assert Transaction.objects.get().payer_phone == "584247654321"
