"""Whose an account is, for who may read of payments; the books know no names."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Permission, Role, User
from ledger.models import Account, Transfer
from ledger.services.posting import post
from ledger.templatetags.book_words import short
from tests.bank import Bank
from tests.journaled import staged
from tests.ledger.books import TRANSIT, customer, posting
from tests.ledger.desk import ACCOUNTS, account_page
from tests.ledger.past import account
from tests.ledger.test_admin import links_in, text_of
from tests.privacy.people import NAME, PHONE, WHO, asked_for, paid
from tests.transactions.desk import arrives, asked, recorded
from transactions.services.erase import carry_out

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BY_DOCUMENT = ["V-17.654.321", "v17654321"]
BY_PAYMENT = [
    "17.654.321",
    "17654321",
    "0414-987.65.43",
    PHONE,
    "inolvidable canario",
    "417728",
]


@pytest.fixture
def owned(ana: User, bank: Bank) -> Account:
    """The account of a patient who paid; of a pago móvil document and phone are
    known, and it is kept under the document."""
    paid(ana, bank)
    return Account.objects.get(owner_id__isnull=False)


@pytest.fixture
def desk(back_office: Any, person: Any) -> Client:
    return back_office(person("clara", "bookkeeper"))


@pytest.fixture
def narrow_desk(back_office: Any, person: Any) -> Client:
    """Of a bookkeeper who may not read transactions."""
    with staged():
        row = Permission.objects.get(name="transaction:read")
        Role.objects.get(name="bookkeeper").permissions.remove(row)
    return back_office(person("clara", "bookkeeper"))


def pays(ana: User, bank: Bank, reference: str, **who: str) -> None:
    arrives(bank, reference=reference, payer_phone=PHONE)
    asked(recorded(ana, **{**WHO, "reference": reference, **who}))


def found(desk: Client, typed: str) -> set[str]:
    page = desk.get(ACCOUNTS, {"q": typed})
    assert page.status_code == 200
    return {link for link in links_in(page) if link.endswith("/change/")}


def pages_of(owned: Account) -> list[str]:
    """Its own page, its heading's, by amount and by code, and the list."""
    heading = account_page(account("2100"))
    return [
        account_page(owned.pk),
        heading,
        f"{heading}?all=1",
        ACCOUNTS,
    ]


def test_a_patient_is_called_by_name_wherever_the_account_stands(
    desk: Client, owned: Account
) -> None:
    for address in pages_of(owned):
        assert NAME in text_of(desk.get(address)), address
    page = text_of(desk.get(account_page(owned.pk)))
    assert f"<h2>{NAME}</h2>" in page
    assert f"{short(owned.code)} · {NAME} · VES" in page
    assert owned.code not in page


def test_who_may_not_read_payments_sees_no_name_and_a_short_code(
    narrow_desk: Client, owned: Account
) -> None:
    for address in pages_of(owned):
        page = text_of(narrow_desk.get(address))
        assert NAME not in page, address
        assert "Crédito de pacientes" in page, address
    page = text_of(narrow_desk.get(account_page(owned.pk)))
    assert f"{short(owned.code)} · Crédito de pacientes · VES" in page


def test_a_name_is_that_of_the_latest_payment(
    desk: Client, owned: Account, ana: User, bank: Bank
) -> None:
    pays(ana, bank, "000012417730", customer_full_name="Canario de Mar")
    post(posting(TRANSIT, owned.pk))
    assert "<h2>Canario de Mar</h2>" in text_of(desk.get(account_page(owned.pk)))


def test_what_somebody_else_may_have_put_on_an_account_names_nobody(
    desk: Client, owned: Account
) -> None:
    """A payment's money is moved on: whoever gets it is not its patient."""
    other = customer("other")
    [transfer] = Transfer.objects.all()
    post(posting(owned.pk, other, cause=("transaction", transfer.cause_id)))
    page = text_of(desk.get(account_page(other)))
    assert "<h2>Crédito de pacientes</h2>" in page


def test_a_cause_that_is_no_payment_at_all_names_nobody(
    desk: Client, owned: Account
) -> None:
    post(posting(TRANSIT, owned.pk, cause=("transaction", "nobody")))
    own, *others = pages_of(owned)
    assert "<h2>Crédito de pacientes</h2>" in text_of(desk.get(own))
    for address in others:
        assert NAME not in text_of(desk.get(address)), address


def test_many_names_are_one_question(
    desk: Client, owned: Account, ana: User, bank: Bank
) -> None:
    def questions(desk: Client, address: str) -> int:
        desk.get(address)
        with CaptureQueriesContext(connection) as made:
            desk.get(address)
        return len(made)

    before = [questions(desk, address) for address in pages_of(owned)]
    for number in range(8):
        document = f"V1765432{number + 2}"
        pays(ana, bank, f"00001241774{number}", customer_document=document)
    assert text_of(desk.get(account_page(account("2100")))).count(NAME) == 9
    assert [questions(desk, address) for address in pages_of(owned)] == before
    with staged():
        row = Permission.objects.get(name="transaction:read")
        Role.objects.get(name="bookkeeper").permissions.remove(row)
    for address, many in zip(pages_of(owned)[1:], before[1:], strict=True):
        assert questions(desk, address) == many - 1, address


@pytest.mark.parametrize("typed", BY_DOCUMENT + BY_PAYMENT)
def test_an_account_is_found_by_what_is_known_of_its_owner(
    desk: Client, owned: Account, typed: str
) -> None:
    assert found(desk, typed) == {account_page(owned.pk)}


def test_who_may_not_read_payments_finds_nobody_by_them(
    narrow_desk: Client, owned: Account
) -> None:
    for typed in BY_DOCUMENT:
        assert found(narrow_desk, typed) == {account_page(owned.pk)}
    for typed in BY_PAYMENT:
        assert found(narrow_desk, typed) == set()


def test_the_beginning_of_a_code_finds_no_payment(
    desk: Client, ana: User, bank: Bank
) -> None:
    paid(ana, bank, reference="000012411110")
    codes = Account.objects.filter(code__startswith="1110")
    assert found(desk, "1110") == {account_page(each.pk) for each in codes}


def test_who_was_erased_is_found_by_nothing_that_was_known(
    desk: Client, owned: Account, root: User, person: Any
) -> None:
    request = asked_for(root)
    carry_out(request_id=request.pk, actor=person("pia", "admin"))
    for typed in BY_PAYMENT:
        assert found(desk, typed) == set()
    for address in pages_of(owned):
        assert NAME not in text_of(desk.get(address)), address
