"""A completed transaction is in the books: once, with the bank's amount and day."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone

from accounts.models import SYSTEM_ID, User
from audit.models import Record
from ledger.chart import account_id
from ledger.models import Account, Transfer
from ledger.services.accounts import close, freeze, open_account, release
from ledger.services.periods import close_month
from ledger.services.posting import post
from ledger.services.proof import Finding, findings
from tests.bank import Bank
from tests.journaled import unguarded
from tests.ledger.books import TRANSIT, amount_of, posting
from tests.transactions.desk import ADMIN, arrives, asked, in_review, recorded, today
from transactions.books import CAUSE, COMPLETED, key_of, owner_of
from transactions.models import BankCredit, Transaction
from transactions.services import review
from transactions.services.books import book_completed
from transactions.states import State

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def confirmed(author: User, bank: Bank) -> Transaction:
    """A claim whose money the bank has shown."""
    row = recorded(author)
    arrives(bank)
    return asked(row)


def entry_of(row: Transaction) -> Transfer:
    return Transfer.objects.get(pk=key_of(COMPLETED, row.pk))


def test_what_the_worker_completes_is_booked(ana: User, bank: Bank) -> None:
    row = recorded(ana)
    arrives(bank)
    assert asked(row).status == State.COMPLETED
    entry = entry_of(row)
    customer = Account.objects.get(pk=entry.credit_id)
    assert (entry.debit_id, entry.amount) == (TRANSIT, 235075)
    assert (entry.effective.isoformat(), entry.code) == (today(), "payment_confirmed")
    assert (entry.cause_type, entry.cause_id) == ("transaction", str(row.pk))
    assert entry.metadata == {"rule": str(COMPLETED.id)}
    assert customer.owner_id == owner_of(row.customer_document, row.customer_phone)
    assert customer.parent_id == account_id("2100-VES")
    assert row.customer_document not in customer.code + customer.name
    assert findings() == []


def test_what_a_reviewer_approves_is_booked_as_the_bank_shows_it(
    ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank, shown="2000.00")
    assert not Transfer.objects.exists()
    review.approve(transaction_id=row.pk, actor=ruben, reason="Falta poco")
    assert entry_of(row).amount == 200000
    assert findings() == []


def test_what_is_not_completed_is_not_booked(
    ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank, shown="2000.00")
    review.reject(transaction_id=row.pk, actor=ruben, reason="No es")
    assert not Transfer.objects.exists()


def test_two_payments_of_one_patient_are_on_one_account(ana: User, bank: Bank) -> None:
    first = recorded(ana)
    arrives(bank)
    asked(first)
    second = recorded(ana, reference="000012417729")
    arrives(bank, reference="000012417729")
    asked(second)
    account = entry_of(first).credit_id
    assert entry_of(second).credit_id == account
    assert amount_of(account) == 470150


def test_the_credit_of_nobody_in_particular_is_kept_apart(
    ana: User, bank: Bank
) -> None:
    row = recorded(ana, customer_document="", customer_phone="")
    arrives(bank)
    asked(row)
    assert entry_of(row).credit_id == account_id("2190-VES")


def test_the_page_of_a_transaction_shows_its_entry(
    ana: User, carla: User, bank: Bank, back_office: Any
) -> None:
    row = recorded(ana)
    arrives(bank)
    page = f"{ADMIN}{row.pk}/change/"
    assert "En los libros" not in back_office(carla).get(page).content.decode()
    asked(row)
    shown = back_office(carla).get(page).content.decode()
    assert "Debe: Pagos confirmados por conciliar; haber: Crédito de paci" in shown


@pytest.mark.parametrize("stop", [freeze, close])
def test_money_for_an_account_that_stands_still_is_booked_as_unnamed_credit(
    ana: User, root: User, bank: Bank, stop: Any
) -> None:
    first = recorded(ana)
    arrives(bank)
    asked(first)
    still = entry_of(first).credit_id
    post(posting(still, TRANSIT, "2350.75"))
    stop(account_id=still, actor=root, reason="Reclamo")
    second = recorded(ana, reference="000012417729")
    arrives(bank, reference="000012417729")
    assert asked(second).status == State.COMPLETED
    entry = entry_of(second)
    owner = owner_of(second.customer_document, second.customer_phone)
    assert entry.credit_id == account_id("2190-VES")
    assert entry.metadata == {"rule": str(COMPLETED.id), "owner": str(owner)}
    assert findings() == []


def test_money_above_an_agreed_ceiling_is_booked_as_unnamed_credit(
    ana: User, root: User, bank: Bank
) -> None:
    row = recorded(ana)
    owner = owner_of(row.customer_document, row.customer_phone)
    assert owner is not None
    open_account(
        number="2100",
        currency="VES",
        owner_id=owner,
        actor=root,
        ceiling=Decimal("2350.74"),
    )
    arrives(bank)
    assert asked(row).status == State.COMPLETED
    entry = entry_of(row)
    assert entry.credit_id == account_id("2190-VES")
    assert entry.metadata["owner"] == str(owner)
    assert findings() == []


def test_with_the_clinics_own_account_frozen_nothing_is_completed(
    ana: User, root: User, bank: Bank
) -> None:
    freeze(account_id=TRANSIT, actor=root, reason="Auditoría")
    row = recorded(ana)
    arrives(bank)
    assert asked(row).status == State.IN_PROGRESS
    assert not BankCredit.objects.exists()
    assert not Transfer.objects.exists()
    release(account_id=TRANSIT, actor=root, reason="Listo")
    assert asked(row).status == State.COMPLETED
    assert entry_of(row).amount == 235075
    assert findings() == []


def test_with_both_accounts_of_the_patients_money_frozen_it_waits_too(
    ana: User, root: User, bank: Bank
) -> None:
    first = recorded(ana)
    arrives(bank)
    asked(first)
    unnamed = account_id("2190-VES")
    freeze(account_id=entry_of(first).credit_id, actor=root, reason="Reclamo")
    freeze(account_id=unnamed, actor=root, reason="Auditoría")
    second = recorded(ana, reference="000012417729")
    arrives(bank, reference="000012417729")
    assert asked(second).status == State.IN_PROGRESS
    release(account_id=unnamed, actor=root, reason="Listo")
    assert asked(second).status == State.COMPLETED
    assert entry_of(second).credit_id == unnamed
    assert findings() == []


def test_money_of_a_closed_day_is_booked_on_the_first_open_one(
    ana: User, root: User, bank: Bank
) -> None:
    this_month = date.fromisoformat(today()).replace(day=1)
    day = this_month - timedelta(days=1)
    close_month(month=day, actor=root, reason="Fin de mes", now=timezone.now())
    row = recorded(ana, operation_date=day)
    arrives(bank, date=day.isoformat())
    assert asked(row).status == State.COMPLETED
    entry = entry_of(row)
    assert entry.effective == this_month
    assert entry.metadata == {"rule": str(COMPLETED.id), "day": day.isoformat()}
    assert findings() == []
    BankCredit.objects.update(day=day - timedelta(days=1))
    assert [each.kind for each in findings()] == ["booked_otherwise"]


@pytest.mark.parametrize("stop", [freeze, close])
def test_closed_days_and_accounts_that_stand_still_do_not_stop_booking_the_past(
    ana: User, root: User, bank: Bank, stop: Any
) -> None:
    this_month = date.fromisoformat(today()).replace(day=1)
    day = this_month - timedelta(days=1)
    row = recorded(ana, operation_date=day)
    arrives(bank, date=day.isoformat())
    asked(row)
    still = entry_of(row).credit_id
    _as_before_the_books(row)
    stop(account_id=still, actor=root, reason="Reclamo")
    close_month(month=day, actor=root, reason="Fin de mes", now=timezone.now())
    assert book_completed() == 1
    assert book_completed() == 0
    entry = entry_of(row)
    assert (entry.credit_id, entry.effective) == (account_id("2190-VES"), this_month)
    assert set(entry.metadata) == {"rule", "day", "owner"}
    assert findings() == []


def _as_before_the_books(row: Transaction) -> None:
    with unguarded("ledger_transfer") as cursor:
        cursor.execute("DELETE FROM ledger_transfer")
        cursor.execute("UPDATE ledger_balance SET amount = 0, seq = 0")


@pytest.mark.django_db(transaction=True)
def test_what_was_completed_before_there_were_books_is_demanded_and_booked_once(
    ana: User, bank: Bank, capsys: Any
) -> None:
    row = confirmed(ana, bank)
    _as_before_the_books(row)
    assert [(each.kind, each.subject) for each in findings()] == [
        ("completed_but_not_booked", str(row.pk))
    ]
    call_command("book_completed")
    assert "1 transactions booked." in capsys.readouterr().out
    assert book_completed() == 0
    assert findings() == []
    assert entry_of(row).amount == 235075
    told = Record.objects.get(action="transactions.booked_afterwards")
    assert (told.actor_id, told.facts) == (SYSTEM_ID, '{"transactions":1}')


def test_the_accounts_of_the_past_are_opened_by_code_as_an_import_does(
    ana: User, bank: Bank
) -> None:
    for number in range(5):
        reference = f"00001241772{number}"
        row = recorded(ana, reference=reference, customer_document=f"V1234567{number}")
        arrives(bank, reference=reference)
        asked(row)
    _as_before_the_books(row)
    with unguarded("ledger_account") as cursor:
        owned = "SELECT id FROM ledger_account WHERE owner_id IS NOT NULL"
        cursor.execute(f"DELETE FROM ledger_balance WHERE account_id IN ({owned})")
        cursor.execute("DELETE FROM ledger_account WHERE owner_id IS NOT NULL")
    before = Record.objects.latest("pk").pk
    assert book_completed() == 5
    opened = Record.objects.filter(action="ledger.account_opened", pk__gt=before)
    codes = [json.loads(each.facts)["code"] for each in opened.order_by("pk")]
    assert len(codes) == 5
    assert codes == sorted(codes)


@pytest.mark.parametrize(
    ("side", "code"),
    [("debit", "1120-VES"), ("debit", "1110-USD"), ("credit", "4100-VES")],
)
def test_an_entry_on_other_accounts_than_its_rule_says_is_named(
    ana: User, bank: Bank, side: str, code: str
) -> None:
    row = confirmed(ana, bank)
    assert findings() == []
    with unguarded("ledger_transfer") as cursor:
        cursor.execute(f"UPDATE ledger_transfer SET {side}_id = %s", [account_id(code)])
    assert ("booked_otherwise", str(row.pk)) in {
        (each.kind, each.subject) for each in findings()
    }


@pytest.mark.parametrize("code", [COMPLETED.code, "refund"])
def test_a_transaction_is_not_booked_twice_whatever_it_is_called(
    ana: User, bank: Bank, code: str
) -> None:
    row = confirmed(ana, bank)
    first = entry_of(row)
    again = posting(
        first.debit_id,
        first.credit_id,
        "2350.75",
        code=code,
        effective=first.effective,
        cause=(CAUSE, str(row.pk)),
    )
    post(again)
    assert ("booked_otherwise", str(row.pk)) in {
        (each.kind, each.subject) for each in findings()
    }


def test_an_entry_that_differs_from_its_transaction_is_named(
    ana: User, bank: Bank
) -> None:
    row = confirmed(ana, bank)
    BankCredit.objects.update(amount="1.00")
    assert [each.kind for each in findings()] == ["booked_otherwise"]
    BankCredit.objects.all().delete()
    assert [each.kind for each in findings()] == ["booked_otherwise"]
    Transaction.objects.filter(pk=row.pk).update(
        status=State.CANCELED, completed_at=None
    )
    assert [each.kind for each in findings()] == ["booked_but_not_completed"]


@pytest.mark.parametrize("day", ['"x"', '"2026-02-30"', "null", "7", "[]"])
def test_a_day_that_is_none_is_named_and_hides_nothing(
    ana: User, bank: Bank, day: str
) -> None:
    confirmed(ana, bank)
    with unguarded("ledger_transfer") as cursor:
        cursor.execute(
            "UPDATE ledger_transfer SET metadata = %s", [f'{{"day": {day}}}']
        )
        cursor.execute("UPDATE ledger_balance SET seq = 9 WHERE seq = 1")
    assert {each.kind for each in findings()} == {
        "booked_otherwise",
        "balance_is_not_the_last",
    }


def _moved(change: str) -> None:
    with unguarded("audit_record") as cursor:
        cursor.execute(f"{change} WHERE action = 'transactions.moved'")


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_record",
        "UPDATE audit_record SET subject_id = gen_random_uuid()",
        "UPDATE audit_record SET facts = replace(facts, '2350.75', '2350.76')",
        "UPDATE audit_record SET facts = replace(facts, '\"2350.75\"', 'null')",
        "UPDATE audit_record SET facts = replace(facts, 'COMPLETED', 'CANCELED')",
        "UPDATE audit_record SET facts = 'no JSON'",
    ],
)
def test_an_entry_that_the_journal_tells_otherwise_is_named(
    ana: User, bank: Bank, change: str
) -> None:
    row = confirmed(ana, bank)
    _moved(change)
    assert findings() == [
        Finding("not_as_journaled", str(entry_of(row).pk), "not in the journal")
    ]


@pytest.mark.parametrize(
    "change",
    [
        # Words that two people had pruned; and a record of schema 1, which told less.
        "UPDATE audit_record SET facts = ''",
        "UPDATE audit_record SET version = NULL, facts ="
        """ '{"became":"COMPLETED","reason":"MATCHED","was":"IN_PROGRESS"}'""",
    ],
)
def test_what_the_journal_does_not_tell_any_more_is_held_against_nobody(
    ana: User, bank: Bank, change: str
) -> None:
    confirmed(ana, bank)
    _moved(change)
    assert findings() == []


def test_the_demo_is_consistent(settings: Any, monkeypatch: Any, bank: Bank) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "clave-de-la-demo-1")
    monkeypatch.setenv("SANDBOX_URL", bank.url)
    call_command("seed_demo")
    completed = Transaction.objects.filter(status=State.COMPLETED)
    booked = Transfer.objects.filter(cause_type=CAUSE)
    assert booked.count() == completed.count() > 100
    booked_minor = booked.aggregate(all=Sum("amount"))["all"]
    assert booked_minor == completed.aggregate(all=Sum("amount"))["all"] * 100
    assert findings() == []
