"""Looks for card numbers where none may be (PCI DSS 3.2 and A3.2.5)."""

import re
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from psycopg import sql

# Rows looked at in each table, the last by their key.
SAMPLE = 20_000
_SHAPE = r"(^|[^0-9])[0-9]([ -]?[0-9]){12,18}([^0-9]|$)"
# In one piece, or in the groups that stand on a card: two numbers beside each other,
# as in a text to search in, are none. Looked for from every place.
_NUMBER = re.compile(
    r"(?<!\d)(?=((?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{3})?"
    r"|\d{4}[ -]\d{6}[ -]\d{4,5})(?!\d)))",
    re.ASCII,
)
# Who issues cards: Visa, Mastercard, American Express, Diners, Discover (ISO/IEC 7812).
_ISSUERS = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)|3[47]|3[068]|6(?:011|5|4[4-9])"
)
_LENGTHS = {"4": {13, 16, 19}, "5": {16}, "2": {16}, "3": {14, 15}, "6": {16, 19}}

_TEXTS = (models.CharField, models.TextField, models.JSONField)


@dataclass(frozen=True)
class Suspect:
    """A column with numbers that are shaped like a card's; never the number itself."""

    table: str
    column: str
    rows: int


def has_card(text: str) -> bool:
    """Whether some number in the text is shaped like a card's and passes Luhn."""
    return any(_is_card(match[1]) for match in _NUMBER.finditer(text))


def _is_card(raw: str) -> bool:
    digits = raw.replace(" ", "").replace("-", "")
    fits = len(digits) in _LENGTHS.get(digits[0], ())
    return fits and bool(_ISSUERS.match(digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (int(each) * 2 for each in digits[-2::-2])
    total = sum(int(each) for each in digits[-1::-2])
    return (total + sum(each // 10 + each % 10 for each in doubled)) % 10 == 0


def suspects() -> list[Suspect]:
    """Every text column of ours in whose last rows such a number stands."""
    found = []
    for model in _tables():
        for field in model._meta.concrete_fields:
            if not isinstance(field, _TEXTS) or not field.column:
                continue
            if rows := _rows_with_cards(model, field.column):
                found.append(Suspect(model._meta.db_table, field.column, rows))
    return found


def _tables() -> list[type[models.Model]]:
    """Those with a key of one column; the others are views of them."""
    return [each for each in apps.get_models() if each._meta.pk.column]


_LOOK = sql.SQL(
    "SELECT told FROM (SELECT {column}::text AS told FROM {table}"
    " ORDER BY {key} DESC LIMIT %s) last WHERE told ~ %s"
)


def _rows_with_cards(model: type[models.Model], column: str) -> int:
    key = model._meta.pk.column
    assert key
    statement = _LOOK.format(
        column=sql.Identifier(column),
        table=sql.Identifier(model._meta.db_table),
        key=sql.Identifier(key),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), [SAMPLE, _SHAPE])
        return sum(has_card(told) for (told,) in cursor.fetchall())
