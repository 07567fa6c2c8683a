"""The demo's clinic: every role, every state, and harmless to seed twice."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from areamedica.clock import caracas_day
from audit.models import Record
from ledger.models import Closing, Import, Proof, Transfer
from ledger.services.periods import closed_until
from ledger.services.proof import findings
from tests.ledger.books import trial_balance
from transactions.models import BankCredit, Inquiry, Transaction, TransactionEvent
from transactions.states import State

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def seeded(bank: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "clinica-de-prueba-1")
    monkeypatch.setenv("SANDBOX_URL", bank.url)
    call_command("seed_demo", verbosity=0)


def test_a_believable_clinic(seeded: None) -> None:
    staff = User.objects.filter(email__endswith="@demo.areamedica.test")
    assert Counter(staff.values_list("role__name", flat=True)) == {
        "admin": 1,
        "reviewer": 2,
        "cashier": 2,
        "support": 1,
        "bookkeeper": 1,
        "auditor": 1,
    }
    states = Counter(Transaction.objects.values_list("status", flat=True))
    assert set(states) == set(State.values)
    assert sum(states.values()) == 220
    assert states["COMPLETED"] == BankCredit.objects.count()
    open_ones = states["IN_PROGRESS"] + states["UNKNOWN"]
    assert Inquiry.objects.count() == open_ones
    for row in Transaction.objects.prefetch_related("events"):
        events = list(row.events.all())
        assert events[0].old_status == ""
        assert events[-1].new_status == row.status
    moved = Record.objects.filter(action="transactions.moved").count()
    told = TransactionEvent.objects.exclude(old_status="").count()
    assert moved == told


def test_the_books_have_a_year_behind_them(seeded: None) -> None:
    assert findings() == []
    assert Proof.objects.get().problems == 0
    assert Import.objects.get().state == "booked"
    today = caracas_day(timezone.now())
    last_month = today.replace(day=1) - timedelta(days=1)
    assert closed_until() == last_month.replace(day=1) - timedelta(days=1)
    assert Closing.objects.count() == 11
    oldest = Transfer.objects.earliest("effective").effective
    assert oldest == today.replace(year=today.year - 1, day=1)
    for currency in ("VES", "USD"):
        held = trial_balance(currency)
        assert held
        assert sum(held.values()) == 0
    held = trial_balance("VES")
    assert held["4000-VES"] < held["4100-VES"] < 0 < held["5100-VES"]


def test_seeding_again_changes_no_transaction(
    seeded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Transaction.objects.count()
    monkeypatch.setenv("DEMO_PASSWORD", "otra-clave-de-prueba-2")
    call_command("seed_demo", verbosity=0)
    assert Transaction.objects.count() == before
    admin = User.objects.get(email="admin@demo.areamedica.test")
    assert admin.check_password("otra-clave-de-prueba-2")


@pytest.mark.parametrize("lacking", ["password", "demo"])
def test_it_is_refused_outside_a_demo(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    if lacking == "demo":
        monkeypatch.setenv("DEMO_PASSWORD", "clinica-de-prueba-1")
        settings.ENVIRONMENT = "production"
    with pytest.raises(CommandError):
        call_command("seed_demo")
    assert not User.objects.filter(email__contains="demo").exists()
