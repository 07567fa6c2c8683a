"""The claim beside what the bank showed, ready to be drawn; no rule is decided here."""

from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.money import BOLIVAR
from areamedica.templatetags.back_office import day, money
from transactions.admin.columns import Cell, Credit, Line
from transactions.admin.others import key_of, taken_credits
from transactions.models import Transaction
from transactions.states import State

LABELS: dict[str, Promise] = {
    "amount": _("Amount"),
    "reference": _("Reference"),
    "date": _("Date"),
    "currency": _("Currency"),
}


def credits_of(transaction: Transaction) -> list[Credit]:
    """The bank's candidates, each with the transaction it already pays, if any."""
    taken = taken_credits(transaction.candidates)
    return [
        Credit(
            place=place,
            amount=Decimal(candidate["credit"]["amount"]),
            cells={fact["field"]: _cell(fact) for fact in candidate["facts"]},
            extras=_extras(candidate),
            pays=taken.get(key_of(candidate["credit"])),
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
