"""Money at the edge is Decimal; inside the books it is whole minor units."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal

from django.db import DataError
from psycopg.errors import NumericValueOutOfRange

from areamedica.money import CURRENCIES, DECIMAL_PLACES
from ledger.errors import BalanceTooLarge, UnpostableAmount

MINOR_DIGITS = dict.fromkeys(CURRENCIES, DECIMAL_PLACES)
# A hundred trillion bolívares. Nine hundred such transfers fit into a balance (bigint).
LARGEST_MINOR = 10**16
# Exact for whatever may be posted. Opening a context for each amount takes longer than
# everything else that is done to a posting here.
_EXACT = Context(prec=60)


def to_minor(amount: Decimal, currency: str) -> int:
    """`Decimal("12.50")` bolívares are 1250 céntimos.

    :raises UnpostableAmount: not above zero, finer than the currency, not finite, or
        larger than `LARGEST_MINOR`.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None or not amount.is_finite() or amount.adjusted() > 20:
        raise UnpostableAmount
    minor = _EXACT.scaleb(amount, digits)
    whole = int(minor)
    if whole != minor or not 0 < whole <= LARGEST_MINOR:
        raise UnpostableAmount
    return whole


def from_minor(minor: int, currency: str) -> Decimal:
    """1250 céntimos are `Decimal("12.50")`, always with the currency's digits."""
    return _EXACT.scaleb(Decimal(minor), -MINOR_DIGITS[currency])


@contextmanager
def fitting() -> Iterator[None]:
    """:raises BalanceTooLarge: a balance would not fit into its column."""
    try:
        yield
    except DataError as error:
        if not isinstance(error.__cause__, NumericValueOutOfRange):
            raise
        raise BalanceTooLarge from error
