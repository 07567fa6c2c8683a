"""Account numbers and the table of banks."""

import pytest

from banking.account_number import compact, is_valid
from banking.institutions import INSTITUTIONS, is_known, payer_banks

ACCOUNT = "01340000880000000007"


def test_a_right_number_is_accepted() -> None:
    assert is_valid(ACCOUNT)
    assert is_valid(compact("0134-0000-88-0000000007"))


@pytest.mark.parametrize("place", range(20))
def test_one_wrong_digit_is_noticed(place: int) -> None:
    wrong = str((int(ACCOUNT[place]) + 1) % 10)
    assert not is_valid(ACCOUNT[:place] + wrong + ACCOUNT[place + 1 :])


@pytest.mark.parametrize(
    "number",
    ["", ACCOUNT[:-1], ACCOUNT + "0", "0134************0007", "٠" * 20, "²" * 20],
)
def test_what_is_no_number_is_refused(number: str) -> None:
    assert not is_valid(number)


def test_a_closed_bank_is_known_but_not_offered() -> None:
    offered = dict(payer_banks())
    assert is_known("0116")
    assert "0116" not in offered
    assert offered["0134"] == "0134 Banesco"
    assert len(offered) == 28


def test_a_renamed_bank_shows_both_names() -> None:
    label = INSTITUTIONS["0175"].label
    assert label == "0175 Banco Digital de los Trabajadores (Bicentenario)"


def test_a_closed_bank_says_so(settings: object) -> None:
    settings.LANGUAGE_CODE = "en"  # type: ignore[attr-defined]
    assert INSTITUTIONS["0116"].label.startswith("0116 BOD (")


def test_a_code_nobody_gave_is_unknown() -> None:
    assert not is_known("9999")
