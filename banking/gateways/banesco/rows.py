"""One row of Banesco's answer, `transactionDetail`, read without guessing.

Every trap is from facts/banks-and-front-end.md §3.
"""

import re
from datetime import date, time
from decimal import Decimal

from areamedica.money import BOLIVAR, DECIMAL_PLACES, MAX_DIGITS
from banking.gateways.base import Direction, Movement
from banking.gateways.strict_json import Node, Numeral

BOLIVAR_SPELLINGS = frozenset({"BS", "BS.", "VES", "928", "0928"})
DIRECTIONS = {"CR": Direction.CREDIT, "DB": Direction.DEBIT, "ID": Direction.DEBIT}
YEARS = range(2010, 2100)

_REFERENCE = re.compile(r"[0-9]{1,40}", re.ASCII)
_AMOUNT = re.compile(
    rf"[0-9]{{1,{MAX_DIGITS - DECIMAL_PLACES}}}(\.[0-9]{{1,{DECIMAL_PLACES}}})?",
    re.ASCII,
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_HOUR = re.compile(r"([0-9]{2})([:.])([0-9]{2})\2([0-9]{2})", re.ASCII)
_NO_HOUR = "00.00.00"
_SHOWN = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,10})?", re.ASCII)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnreadableRow(ValueError):
    """A row that cannot be mapped; the message names the field, never its content."""


def read_row(row: Node) -> Movement:
    """Read one row.

    :raises UnreadableRow: a fact about the money is missing or odd. The hour is not
        one: an odd hour is left out.
    """
    if not isinstance(row, dict):
        raise UnreadableRow("transactionDetail")
    hour = _read_hour(row)
    amount = _read_amount(row)
    return Movement(
        reference=_read(row, "referenceNumber", _REFERENCE),
        amount=amount,
        currency=_read_currency(row),
        day=_read_day(row),
        hour=hour,
        direction=_read_direction(row),
        account=_text(row, "accountId"),
        concept=_text(row, "concept"),
        beneficiary=_text(row, "customerIdBen").upper(),
        raw=_fit_for_json(row, amount, hour),
    )


def _text(row: dict[str, Node], field: str) -> str:
    """The field's text, trimmed; blank when it is absent or not a text."""
    value = row.get(field)
    return _storable(value).strip() if isinstance(value, str) else ""


def _read(row: dict[str, Node], field: str, form: re.Pattern[str]) -> str:
    text = _text(row, field)
    if not form.fullmatch(text):
        raise UnreadableRow(field)
    return text


def _read_amount(row: dict[str, Node]) -> Decimal:
    """A number or decimal text, at most (19, 2): no sign, no exponent."""
    return Decimal(_read(row, "amount", _AMOUNT)).quantize(Decimal("0.01"))


def _read_currency(row: dict[str, Node]) -> str:
    """Padded and in any case; what is not the bolívar is kept for a person to see."""
    text = _text(row, "currencyCode").upper()
    if not text:
        raise UnreadableRow("currencyCode")
    return BOLIVAR if text in BOLIVAR_SPELLINGS else text


def _read_day(row: dict[str, Node]) -> date:
    text = _read(row, "trnDate", _DAY)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise UnreadableRow("trnDate") from error
    if day.year not in YEARS:
        raise UnreadableRow("trnDate")
    return day


def _read_hour(row: dict[str, Node]) -> time | None:
    """Pago móvil rows have no hour: dotted midnight means none."""
    text = _text(row, "trnTime")
    parts = _HOUR.fullmatch(text)
    if not parts or text == _NO_HOUR:
        return None
    try:
        return time(int(parts[1]), int(parts[3]), int(parts[4]))
    except ValueError:
        return None


def _read_direction(row: dict[str, Node]) -> Direction:
    direction = DIRECTIONS.get(_text(row, "trnType").upper())
    if direction is None:
        raise UnreadableRow("trnType")
    return direction


def _fit_for_json(
    row: dict[str, Node], amount: Decimal, hour: time | None
) -> dict[str, object]:
    """The bank's own fields, storable as JSON and readable by the front end (§7)."""
    raw = {_storable(name): _plain(value) for name, value in row.items()}
    raw["amount"] = _number(str(amount))
    raw.pop("trnTime", None)
    if hour:
        raw["trnTime"] = hour.isoformat()
    return raw


def _plain(node: Node) -> object:
    if isinstance(node, Numeral):
        return _number(node)
    if isinstance(node, str):
        return _storable(node)
    if isinstance(node, dict):
        return {_storable(name): _plain(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node


def _number(numeral: str) -> object:
    """A number for showing; one that a front end could not carry stays text."""
    if not _SHOWN.fullmatch(numeral):
        return str(numeral)
    number = Decimal(numeral)
    return int(number) if number == number.to_integral_value() else float(number)


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)
