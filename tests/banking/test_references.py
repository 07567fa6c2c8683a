"""The same reference, however a receipt or a bank writes it."""

import pytest

from banking.references import canonical, same_reference, tail


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("000000473078", "473078"),
        ("473078", "00000473078"),
        ("001234567890", "567890"),
        ("567890", "1234567890"),
        ("012345", "12345"),  # a tail whose zero the bank dropped
        ("98012345", "12345"),
        ("12345", "0000012345"),
        ("000000", "0"),
        ("88120", "88120"),
    ],
)
def test_one_reference(asked: str, answered: str) -> None:
    assert same_reference(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("001234567890", "991234567891"),
        ("12345678", "99345678"),  # the tails agree, the references do not
        ("67890", "1234567890"),  # five digits fit by coincidence
        ("123456", "123457"),
        ("1234567", "12345678"),
    ],
)
def test_two_references(asked: str, answered: str) -> None:
    assert not same_reference(asked, answered)


def test_the_form_to_compare_by_has_no_leading_zeros() -> None:
    assert [canonical(text) for text in ("00123", "123", "000")] == ["123", "123", "0"]


def test_the_tail_is_six_digits_zeros_included() -> None:
    assert [tail(text) for text in ("99000123", "123")] == ["000123", "123"]
