"""The claim beside what the bank showed, ready to be drawn; no rule is decided here."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Right
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.money import BOLIVAR
from areamedica.templatetags.back_office import day, money
from transactions.models import BankCredit, Transaction
from transactions.states import State

LABELS: dict[str, Promise] = {
    "amount": _("Amount"),
    "reference": _("Reference"),
    "date": _("Date"),
    "currency": _("Currency"),
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The bank's value in one field and what it says about the claim's."""

    value: str
    equal: bool | None
    gap: str = ""

    @property
    def mark(self) -> str:
        return {True: "equal", False: "differs", None: "unstated"}[self.equal]


@dataclass(frozen=True, kw_only=True)
class Credit:
    """One credit of the bank: its place among the candidates and what it shows."""

    place: int
    amount: Decimal
    cells: dict[str, Cell]
    extras: list[tuple[str | Promise, str]]
    pays: UUID | None
    is_chosen: bool

    @property
    def number(self) -> int:
        return self.place + 1

    @property
    def differences(self) -> int:
        return sum(cell.equal is False for cell in self.cells.values())


@dataclass(frozen=True, kw_only=True)
class Line:
    """One compared field across the claim and every credit."""

    label: str | Promise
    claimed: str
    cells: list[Cell]


def credits_of(transaction: Transaction) -> list[Credit]:
    """The bank's candidates, each with the transaction it already pays, if any."""
    taken = _taken(transaction.candidates)
    return [
        Credit(
            place=place,
            amount=Decimal(candidate["credit"]["amount"]),
            cells={fact["field"]: _cell(fact) for fact in candidate["facts"]},
            extras=_extras(candidate),
            pays=taken.get(_key(candidate["credit"])),
            is_chosen=transaction.status == State.COMPLETED
            and candidate["row"] == transaction.details,
        )
        for place, candidate in enumerate(transaction.candidates)
    ]


def lines_of(transaction: Transaction, found: list[Credit]) -> list[Line]:
    """The table: a line per field, a column per credit."""
    claimed = {
        "amount": money(transaction.claimed_amount, transaction.currency),
        "reference": transaction.reference,
        "date": day(transaction.operation_date),
        "currency": transaction.currency,
    }
    lines = [
        Line(
            label=label,
            claimed=claimed[name],
            cells=[credit.cells[name] for credit in found if name in credit.cells],
        )
        for name, label in LABELS.items()
    ]
    # Bolívares everywhere need no line of their own.
    is_plain = all(cell.equal for cell in lines[-1].cells)
    return lines[:-1] if is_plain and transaction.currency == BOLIVAR else lines


def twins_of(transaction: Transaction) -> QuerySet[Transaction]:
    """Others with the same last six digits: perhaps the same screenshot."""
    others = Transaction.objects.present().exclude(pk=transaction.pk)
    return others.alias(last=Right("reference", 6)).filter(
        last=transaction.reference[-6:]
    )[:5]


def _cell(fact: dict[str, Any]) -> Cell:
    bank, claimed = str(fact["bank"]), fact["claimed"]
    gap = ""
    if fact["field"] == "amount":
        if claimed is not None and fact["equal"] is False:
            gap = _gap(Decimal(bank) - Decimal(claimed))
        bank = money(bank)
    elif fact["field"] == "date":
        bank = day(bank)
    return Cell(value=bank, equal=fact["equal"], gap=gap)


def _gap(difference: Decimal) -> str:
    words = _("{amount} more") if difference > 0 else _("{amount} short")
    return str(words).format(amount=money(abs(difference)))


def _extras(candidate: dict[str, Any]) -> list[tuple[str | Promise, str]]:
    row = candidate["row"]
    shown = [
        (_("Hour"), row.get("trnTime")),
        (_("Account shown"), candidate["credit"].get("shown_account")),
        (_("Concept"), row.get("concept")),
    ]
    return [(label, str(value).strip()) for label, value in shown if value]


def _key(credit: dict[str, Any]) -> tuple[str, ...]:
    names = ("shown_account", "tail", "day", "amount", "currency")
    return tuple(str(credit[name]) for name in names)


def _taken(candidates: Iterable[dict[str, Any]]) -> dict[tuple[str, ...], UUID]:
    """Which of the credits pay a transaction already, and which; one question."""
    credits_ = [candidate["credit"] for candidate in candidates]
    if not credits_:
        return {}
    wanted = Q()
    for credit in credits_:
        wanted |= Q(tail=credit["tail"], day=credit["day"], amount=credit["amount"])
    used = BankCredit.objects.filter(wanted, account=settings.BANESCO["ACCOUNT_ID"])
    return {
        (
            each.shown_account,
            each.tail,
            each.day.isoformat(),
            f"{each.amount:.2f}",
            each.currency,
        ): each.transaction_id
        for each in used
    }
