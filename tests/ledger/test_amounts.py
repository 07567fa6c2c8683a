"""Money at the edge and inside the books is the same to the last digit."""

from decimal import localcontext

import pytest

from ledger.amounts import LARGEST_MINOR, from_minor, to_minor


@pytest.mark.parametrize(
    ("minor", "amount"),
    [
        (0, "0.00"),
        (1, "0.01"),
        (1250, "12.50"),
        (-1250, "-12.50"),
        # The ends of a balance's column, of 19 digits.
        (9_223_372_036_854_775_807, "92233720368547758.07"),
        (-9_223_372_036_854_775_808, "-92233720368547758.08"),
        # A sum of many of them.
        (10**30 + 1, "10000000000000000000000000000.01"),
    ],
)
def test_no_digit_is_lost_whatever_the_context_of_whoever_asks(
    minor: int, amount: str
) -> None:
    with localcontext(prec=3):
        assert str(from_minor(minor, "VES")) == amount


@pytest.mark.parametrize("minor", [1, 1250, LARGEST_MINOR - 1, LARGEST_MINOR])
def test_what_was_posted_is_told_as_it_was(minor: int) -> None:
    with localcontext(prec=3):
        assert to_minor(from_minor(minor, "VES"), "VES") == minor
