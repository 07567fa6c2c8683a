"""A year of the clinic's books before the demo begins: a file, imported as any other.

Patients pay, the bank shows it, services consume what was paid, once a week what is on
the bank's statement is moved from transit, and the bank charges for it. All invented.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db.transaction import atomic

from accounts.models import User
from areamedica.clock import caracas_day
from areamedica.money import BOLIVAR
from ledger.chart import (
    BANK,
    BANK_CHARGES,
    CUSTOMER_CREDIT,
    FEES,
    IN_TRANSIT,
    OPENING,
    SERVICES,
    code_of,
)
from ledger.import_file import DecimalMark
from ledger.services import imports
from ledger.services.periods import close_month
from transactions.books import owner_of

MONTHS = 12
_VISITS = 30
_PRICES = ("1850.00", "2100.00", "3275.50", "2640.00", "4120.75", "5300.00")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """A row of the file."""

    date: date
    debit: str
    credit: str
    amount: Decimal
    currency: str
    code: str
    description: str


@atomic
def live_a_year(*, bookkeeper: User, now: datetime) -> None:
    """Import the year and close its months up to the last but one."""
    today = caracas_day(now)
    firsts = _months_before(today)
    lines = sorted(_year(firsts, Random(1120)), key=lambda line: line.date)
    made = imports.upload(
        content=_as_file(lines),
        file_name="ejercicio-anterior.csv",
        mark=DecimalMark.POINT,
        actor=bookkeeper,
        today=today,
    )
    imports.confirm(import_id=made.pk, actor=bookkeeper)
    imports.book(import_id=made.pk, today=today)
    for month in firsts[:-1]:
        close_month(month=month, actor=bookkeeper, reason="Cierre mensual", now=now)


def _months_before(today: date) -> list[date]:
    """The first days of the months before this one, the oldest first."""
    firsts = [today.replace(day=1)]
    for _ in range(MONTHS):
        firsts.append((firsts[-1] - timedelta(days=1)).replace(day=1))
    return firsts[:0:-1]


def _year(firsts: list[date], dice: Random) -> Iterator[Line]:
    patients = [
        code_of(CUSTOMER_CREDIT, BOLIVAR, owner_of(f"V{9_000_000 + number}", ""))
        for number in range(20)
    ]
    yield from _opening(firsts[0], patients)
    for first in firsts:
        yield from _month(first, patients, dice)


def _here(
    day: date, debit: str, credit: str, amount: Decimal, code: str, about: str
) -> Line:
    return Line(day, debit, credit, amount, BOLIVAR, code, about)


_TRANSIT, _BANK, _OPENING = (
    code_of(number, BOLIVAR) for number in (IN_TRANSIT, BANK, OPENING)
)


def _opening(day: date, patients: list[str]) -> Iterator[Line]:
    said = "apertura", "Saldo del ejercicio anterior"
    yield _here(day, _BANK, _OPENING, Decimal("850000.00"), *said)
    yield _here(day, _TRANSIT, _OPENING, Decimal("12350.00"), *said)
    for patient in patients[:4]:
        yield _here(day, _OPENING, patient, Decimal("1500.00"), *said)
    dollars = code_of(BANK, "USD"), code_of(OPENING, "USD")
    yield Line(day, *dollars, Decimal("4200.00"), "USD", *said)


def _month(first: date, patients: list[str], dice: Random) -> Iterator[Line]:
    paid: dict[date, Decimal] = {}
    for _ in range(_VISITS):
        day = first + timedelta(days=dice.randrange(26))
        patient, price = dice.choice(patients), Decimal(dice.choice(_PRICES))
        paid[day] = paid.get(day, Decimal()) + price
        said = "pago", dice.choice(("Pago móvil", "Transferencia"))
        yield _here(day, _TRANSIT, patient, price, *said)
        yield from _consumed(day + timedelta(days=1), patient, price, dice)
    yield from _reconciled(first, paid)


def _consumed(day: date, patient: str, price: Decimal, dice: Random) -> Iterator[Line]:
    """Most of it for the service, now and then a fee, and the rest stays as credit."""
    fee = Decimal("35.00") if dice.random() < 0.2 else Decimal()
    service = price - fee if dice.random() < 0.8 else price / 2
    income = code_of(SERVICES, BOLIVAR)
    said = "servicio", dice.choice(("Consulta", "Laboratorio", "Ecografía"))
    yield _here(day, patient, income, service.quantize(_CENT), *said)
    if fee:
        fees = code_of(FEES, BOLIVAR)
        yield _here(day, patient, fees, fee, "cargo", "Copia de la historia médica")


def _reconciled(first: date, paid: dict[date, Decimal]) -> Iterator[Line]:
    """Once a week what was paid is on the statement; then the bank takes its share."""
    for week in range(4):
        end = first + timedelta(days=7 * week + 6)
        days = [day for day in paid if end - timedelta(days=7) < day <= end]
        total = sum((paid[day] for day in days), Decimal())
        if total:
            charge = (total * Decimal("0.003")).quantize(_CENT)
            charges = code_of(BANK_CHARGES, BOLIVAR)
            said = f"Semana hasta el {end:%d/%m}"
            yield _here(end, _BANK, _TRANSIT, total, "conciliado", said)
            yield _here(end, charges, _BANK, charge, "comision", said)


def _as_file(lines: list[Line]) -> bytes:
    page = io.StringIO()
    table = csv.writer(page)
    table.writerow(each.name for each in fields(Line))
    table.writerows(astuple(each) for each in lines)
    return page.getvalue().encode()
