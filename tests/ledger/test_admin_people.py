"""Whose an account is, for who may read of payments; the books know no names."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Permission, Role, User
from ledger.models import Account
from tests.bank import Bank
from tests.journaled import staged
from tests.ledger.desk import ACCOUNTS, account_page
from tests.ledger.test_admin import links_in
from tests.privacy.people import PHONE, asked_for, paid
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


def found(desk: Client, typed: str) -> set[str]:
    page = desk.get(ACCOUNTS, {"q": typed})
    assert page.status_code == 200
    return {link for link in links_in(page) if link.endswith("/change/")}


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
