"""What approving will book is said before, and is what approving then books."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from areamedica.clock import caracas_day
from ledger.chart import account_id
from ledger.models import Account, Balance, Transfer
from ledger.services.accounts import freeze, open_account
from ledger.services.periods import close_month
from tests.bank import Bank
from tests.ledger.books import TRANSIT
from tests.transactions.desk import ADMIN, asked, in_review, recorded
from transactions.admin.booking import Booking, bookings
from transactions.books import owner_of
from transactions.models import Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def clara(person: Any) -> User:
    """The bookkeeper."""
    return person("clara", "bookkeeper")


def shown(client: Any, row: Transaction) -> str:
    answer = client.get(f"{ADMIN}{row.pk}/review/")
    return " ".join(answer.content.decode().split())


def approve(client: Any, row: Transaction) -> Any:
    version = client.get(f"{ADMIN}{row.pk}/review/").context["version"]
    body = {"seen": version, "code": "", "note": "Visto", "credit": "0"}
    return client.post(f"{ADMIN}{row.pk}/approve/", body, follow=True)


def held_to(said: Booking) -> None:
    """The one transfer in the books is the one that was announced."""
    booked = Transfer.objects.select_related("debit", "credit").get()
    patient = Account.objects.filter(owner_id__isnull=False).first()
    is_patients = not said.is_unnamed
    assert booked.debit == said.debit
    assert booked.credit == (patient if is_patients else said.credit)
    assert booked.amount == said.amount * 100
    assert booked.effective == said.day


def opened(row: Transaction, actor: User, *, ceiling: str) -> None:
    """The customer's account, with a ceiling."""
    owner = owner_of(row.customer_document, row.customer_phone)
    assert owner is not None
    open_account(
        number="2100",
        currency="VES",
        owner_id=owner,
        actor=actor,
        ceiling=Decimal(ceiling),
    )


def test_a_new_patients_account_is_announced_not_opened(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row, client, before = (
        in_review(ana, bank),
        back_office(ruben),
        Account.objects.count(),
    )
    page = shown(client, row)
    assert "una cuenta nueva para este paciente" in page
    assert "Bs. 2.350,74" in page
    assert Account.objects.count() == before
    [said] = bookings(row)
    approve(client, row)
    held_to(said)
    assert Account.objects.count() == before + 1


def test_a_known_patient_has_his_account(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    first, client = in_review(ana, bank), back_office(ruben)
    approve(client, first)
    row = in_review(ana, bank, reference="000099999999")
    [said] = bookings(row)
    assert said.patient == Account.objects.get(owner_id__isnull=False)
    assert "una cuenta nueva" not in shown(client, row)


def test_a_frozen_patient_is_announced_as_unnamed(
    back_office: Any, ana: User, ruben: User, clara: User, bank: Bank
) -> None:
    client = back_office(ruben)
    approve(client, in_review(ana, bank))
    patient = Account.objects.get(owner_id__isnull=False)
    freeze(account_id=patient.pk, actor=clara, reason="Por orden")
    row = in_review(ana, bank, reference="000099999999")
    [said] = bookings(row)
    assert said.credit.pk == account_id("2190-VES")
    assert "está congelada o pasaría de su máximo, así que" in shown(client, row)
    approve(client, row)
    assert Balance.objects.get(pk=said.credit.pk).amount == 235074


@pytest.mark.parametrize(
    ("ceiling", "is_unnamed"), [("2350.74", False), ("2350.73", True)]
)
def test_an_account_is_announced_up_to_its_ceiling(
    back_office: Any,
    ana: User,
    ruben: User,
    clara: User,
    bank: Bank,
    ceiling: str,
    is_unnamed: bool,
) -> None:
    row, client = in_review(ana, bank), back_office(ruben)
    opened(row, clara, ceiling=ceiling)
    [said] = bookings(row)
    assert said.is_unnamed is is_unnamed
    assert (said.credit.pk == account_id("2190-VES")) is is_unnamed
    assert ("pasaría de su máximo" in shown(client, row)) is is_unnamed
    approve(client, row)
    held_to(said)


def test_what_is_on_an_account_counts_towards_its_ceiling(
    back_office: Any, ana: User, ruben: User, clara: User, bank: Bank
) -> None:
    row, client = in_review(ana, bank), back_office(ruben)
    opened(row, clara, ceiling="4701.47")
    approve(client, row)
    [said] = bookings(in_review(ana, bank, reference="000099999999"))
    assert said.credit.pk == account_id("2190-VES")


def test_an_amount_that_cannot_be_posted_is_announced_too(
    ana: User, clara: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    opened(row, clara, ceiling="1.00")
    for amount, is_unnamed in (("0.00", False), ("99999999999999999.99", True)):
        row.candidates[0]["credit"]["amount"] = amount
        [said] = bookings(row)
        assert (said.amount, said.is_unnamed) == (Decimal(amount), is_unnamed)


def test_a_frozen_account_of_the_clinic_refuses(
    back_office: Any, api: Any, ana: User, ruben: User, clara: User, bank: Bank
) -> None:
    row, client = in_review(ana, bank), back_office(ruben)
    freeze(account_id=TRANSIT, actor=clara, reason="Por orden")
    assert "no se puede aprobar hasta que se libere" in shown(client, row)
    approve(client, row)
    answer = api(ruben).post(
        f"/api/v1/transactions/{row.pk}/approve", {"reason": "Visto"}, format="json"
    )
    assert answer.json()["error"]["code"] == "ACCOUNT_FROZEN"
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"


def test_a_closed_day_is_announced_with_the_day_that_is_taken(
    back_office: Any, ana: User, ruben: User, clara: User, bank: Bank
) -> None:
    first_day = caracas_day(timezone.now()).replace(day=1)
    eve: date = first_day - timedelta(days=1)
    bank.add(
        kind="MOBILE_PAYMENT",
        reference="000012417728",
        payer_phone="584141234567",
        payer_bank="0102",
        date=eve.isoformat(),
        amount="2350.74",
    )
    row = asked(recorded(ana, operation_date=eve))
    close_month(month=eve, actor=clara, reason="Cierre", now=timezone.now())
    [said] = bookings(row)
    assert (said.day, said.bank_day) == (first_day, eve)
    client = back_office(ruben)
    assert f"El día del banco, {eve:%d/%m/%Y}, está cerrado" in shown(client, row)
    approve(client, row)
    held_to(said)


def test_nothing_is_announced_where_the_bank_shows_nothing(ana: User) -> None:
    assert bookings(recorded(ana)) == []
