"""Money: exact amounts, made by one parser that refuses."""

import re
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from areamedica.errors import Kind, Refusal

BOLIVAR = "VES"
CURRENCIES = (BOLIVAR, "USD", "EUR", "COP")
# numeric(19, 2): what the bank's own field holds (facts, section 3).
MAX_DIGITS = 19
DECIMAL_PLACES = 2
LARGEST = Decimal(10) ** (MAX_DIGITS - DECIMAL_PLACES) - Decimal("0.01")

# ASCII digits, a dot and two decimals at most; no sign, exponent, blank or separator.
_WIRE_FORM = re.compile(r"(?:0|[1-9][0-9]{0,16})(?:\.[0-9]{1,2})?", re.ASCII)


class UnreadableAmount(Refusal):
    kind = Kind.VALIDATION
    code = "INVALID_AMOUNT"
    sentence = _('Write the amount as text such as "1234.56", above zero.')


def parse_amount(raw: object) -> Decimal:
    """Read the wire form `"1234.56"`.

    :raises UnreadableAmount: anything else, however close: a JSON number, a sign, an
        exponent, a third decimal, zero, digits of another script.
    """
    if not isinstance(raw, str) or not _WIRE_FORM.fullmatch(raw):
        raise UnreadableAmount
    amount = Decimal(raw).quantize(Decimal("0.01"))
    if amount <= 0:
        raise UnreadableAmount
    return amount


def as_written_here(amount: Decimal) -> str:
    """Write `1234.56` as people here do: `1.234,56`."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
