"""Read a CSV file of transfers: its rows, and what is wrong with each that is not one.

`docs/books.md` documents the columns. The csv module of Python reads it rather than
tablib, because people are told the line of the file, and a row may span several.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import models
from django.utils.translation import gettext_lazy as _

from areamedica.spreadsheets import as_meant
from ledger.amounts import MINOR_DIGITS, to_minor
from ledger.errors import UnpostableAmount, UnreadableFile
from ledger.formats import LONGEST_TEXT

LARGEST_FILE = 5 * 2**20
MOST_ROWS = 50_000
_KEYS = UUID("3f3b1a52-90c7-5d0e-8c55-5b1f0c2a6f01")
_OLDEST = date(2000, 1, 1)
_CENT = Decimal("0.01")


class Column(models.TextChoices):
    KEY = "key", _("key")
    DATE = "date", _("date")
    DEBIT = "debit", _("debit")
    CREDIT = "credit", _("credit")
    AMOUNT = "amount", _("amount")
    CURRENCY = "currency", _("currency")
    CODE = "code", _("code")
    DESCRIPTION = "description", _("description")


COLUMNS = Column.values
_OPTIONAL = {"key", "code", "description"}
# As a bookkeeper here heads them.
_ALSO = {
    "clave": "key",
    "fecha": "date",
    "debe": "debit",
    "haber": "credit",
    "monto": "amount",
    "moneda": "currency",
    "código": "code",
    "codigo": "code",
    "descripción": "description",
    "descripcion": "description",
}
USUAL_CODE = "imported"


class DecimalMark(models.TextChoices):
    COMMA = ",", _("Comma: 1.234,56")
    POINT = ".", _("Point: 1,234.56")


class Fault(models.TextChoices):
    """Why a row cannot be booked."""

    CELLS = "cells", _("It has more or fewer cells than the heading.")
    DATE = "date", _("The date is not readable; write 2026-11-30 or 30/11/2026.")
    FUTURE = "future", _("The date lies in the future.")
    AMOUNT = "amount", _("The amount is not readable, not above zero or too fine.")
    CURRENCY = "currency", _("The currency is not one of the books.")
    SAME_ACCOUNT = "same_account", _("Debit and credit are one account.")
    TEXT = "text", _("The key, the code or the description is too long.")
    UNKNOWN_ACCOUNT = "unknown_account", _("There is no such account.")
    HEADING = "heading", _("The account is a heading and takes no transfers.")
    OTHER_CURRENCY = "other_currency", _("The account holds another currency.")
    CLOSED = "closed", _("The account is closed for good.")
    FROZEN = "frozen", _("The account is frozen.")
    CLOSED_MONTH = "closed_month", _("The month is closed.")
    TWICE = "twice", _("The key stands in the file twice.")
    KEY_REUSED = "key_reused", _("The key was booked with other content.")
    FLOOR = "floor", _("The account would fall below its floor.")
    CEILING = "ceiling", _("The account would rise above its ceiling.")
    REFUSED = "refused", _("The books refused it.")


@dataclass(frozen=True, order=True)
class Wrong:
    """A fault at a line of the file, from 1, and the column it was seen in.

    This is kept for ever, and in a file whose columns are shifted anybody's name may
    stand anywhere. So `cell` is told only where the books know what stands there, as an
    account of theirs. Of what is REFUSED it is the outcome of the transfer, or the code
    of the refusal.
    """

    line: int
    fault: Fault
    column: str = ""
    cell: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A transfer as the file states it; accounts by code."""

    line: int
    key: UUID
    day: date
    debit: str
    credit: str
    amount: Decimal
    currency: str
    code: str
    description: str


class _Faulty(Exception):
    def __init__(self, fault: Fault, column: str = "", cell: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.column = column
        self.cell = cell


def read(content: bytes, *, mark: str, today: date) -> tuple[list[Row], list[Wrong]]:
    """The rows that can be read, in their order, and what is wrong with the others.

    :raises UnreadableFile: too large, not UTF-8, no CSV, without its columns, too many
        rows or none.
    """
    rows: dict[UUID, Row] = {}
    wrongs: list[Wrong] = []
    twins: Counter[str] = Counter()
    for line, cells in _records(content):
        try:
            row = _row(line, cells, mark=mark, today=today, twins=twins)
            _refuse_twice(row, rows)
            rows[row.key] = row
        except _Faulty as error:
            wrongs.append(Wrong(line, error.fault, error.column, error.cell))
    if not rows and not wrongs:
        raise UnreadableFile(why=_("it has no rows"))
    return list(rows.values()), wrongs


def _refuse_twice(row: Row, rows: dict[UUID, Row]) -> None:
    if row.key in rows:
        raise _Faulty(Fault.TWICE, Column.KEY, str(rows[row.key].line))


def _records(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """The line each record ends at, and its cells by column; none for a bad number.

    :raises UnreadableFile:
    """
    text = _text(content)
    heading = text.partition("\n")[0]
    delimiter = ";" if ";" in heading else ","
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(table, []))
        for number, cells in enumerate((each for each in table if any(each)), start=1):
            if number > MOST_ROWS:
                raise UnreadableFile(why=_("it has over %d rows") % MOST_ROWS)
            fits = len(cells) == len(columns)
            named = zip(columns, map(str.strip, cells), strict=True) if fits else ()
            yield table.line_num, dict(named)
    except csv.Error as error:
        raise UnreadableFile(why=_("it is no well-formed CSV")) from error


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(why=_("it is larger than 5 MB"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(why=_("it is not UTF-8")) from error
    if "\x00" in text:
        raise UnreadableFile(why=_("it is not UTF-8"))
    return text


def _columns(heading: list[str]) -> list[str]:
    given = [each.strip().lower() for each in heading]
    names = [_ALSO.get(each, each) for each in given]
    lacking = set(COLUMNS) - _OPTIONAL - set(names)
    if lacking:
        name = Column(min(lacking)).label
        raise UnreadableFile(why=_("it lacks the column %s") % name)
    if set(names) - set(COLUMNS) or len(set(names)) < len(names):
        raise UnreadableFile(why=_("it has a column that is unknown or stands twice"))
    return names


def _row(
    line: int, cells: dict[str, str], *, mark: str, today: date, twins: Counter[str]
) -> Row:
    """:raises _Faulty:"""
    if not cells:
        raise _Faulty(Fault.CELLS)
    day = _day(cells["date"], today)
    amount, currency = _money(cells["amount"], cells["currency"].upper(), mark)
    if cells["debit"] == cells["credit"]:
        raise _Faulty(Fault.SAME_ACCOUNT, Column.CREDIT)
    named = _text_of(cells, "key", 64)
    code = _text_of(cells, "code", 32) or USUAL_CODE
    description = _text_of(cells, "description", LONGEST_TEXT)
    content = (
        day,
        cells["debit"],
        cells["credit"],
        amount,
        currency,
        code,
        description,
    )
    return Row(
        line=line,
        key=_named(named) if named else _counted(content, twins),
        day=day,
        debit=cells["debit"],
        credit=cells["credit"],
        amount=amount,
        currency=currency,
        code=code,
        description=description,
    )


def _text_of(cells: dict[str, str], column: str, longest: int) -> str:
    text = as_meant(cells.get(column, ""))
    if len(text) > longest:
        raise _Faulty(Fault.TEXT, column)
    return text


def _named(key: str) -> UUID:
    """A UUID is the transfer's own key, as an export of the books gives it."""
    try:
        return UUID(key)
    except ValueError:
        return uuid5(_KEYS, f"key:{key}")


def _counted(content: tuple[object, ...], twins: Counter[str]) -> UUID:
    """Made of the row and its place among the rows like it.

    So a file that comes again, longer or shorter than before, names the same transfers.
    """
    text = "\x1f".join(map(str, content))
    twins[text] += 1
    return uuid5(_KEYS, f"row:{twins[text]}:{text}")


_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_HERE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


def _day(text: str, today: date) -> date:
    try:
        if found := _ISO.fullmatch(text):
            year, month, day = map(int, found.groups())
        elif found := _HERE.fullmatch(text):
            day, month, year = map(int, found.groups())
        else:
            raise _Faulty(Fault.DATE, Column.DATE)
        read = date(year, month, day)
    except ValueError as error:
        raise _Faulty(Fault.DATE, Column.DATE) from error
    if read < _OLDEST:
        raise _Faulty(Fault.DATE, Column.DATE)
    if read > today:
        raise _Faulty(Fault.FUTURE, Column.DATE)
    return read


_WRITTEN = {
    mark: re.compile(
        rf"(?:\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d{{1,18}})"
        rf"(?:{re.escape(mark)}\d{{1,2}})?",
        re.ASCII,
    )
    for mark, group in ((",", "."), (".", ","))
}


def _money(text: str, currency: str, mark: str) -> tuple[Decimal, str]:
    """`1.234,56` or `1234,56` with a comma, `1,234.56` or `1234.56` with a point."""
    if currency not in MINOR_DIGITS:
        raise _Faulty(Fault.CURRENCY, Column.CURRENCY)
    if not _WRITTEN[mark].fullmatch(text):
        raise _Faulty(Fault.AMOUNT, Column.AMOUNT)
    group = "." if mark == "," else ","
    amount = Decimal(text.replace(group, "").replace(mark, ".")).quantize(_CENT)
    try:
        to_minor(amount, currency)
    except UnpostableAmount as error:
        raise _Faulty(Fault.AMOUNT, Column.AMOUNT) from error
    return amount, currency
