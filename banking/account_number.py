"""Venezuelan account numbers: bank 4, office 4, control 2, number 10.

The check digits were proven against 17 public numbers of six banks
(facts/banks-and-front-end.md §6).
"""


def compact(number: str) -> str:
    """Drop the dashes and spaces people group the digits with."""
    return number.replace("-", "").replace(" ", "")


def is_valid(number: str) -> bool:
    """Whether these are 20 plain digits whose two check digits agree."""
    if len(number) != 20 or not (number.isascii() and number.isdigit()):
        return False
    bank, office, control, rest = number[:4], number[4:8], number[8:10], number[10:]
    return control == _check_digit(bank + office) + _check_digit(office + rest)


def _check_digit(digits: str) -> str:
    """Weights 2 to 7, again and again from the right; 10 reads 0 and 11 reads 1."""
    total = sum(int(d) * (2 + i % 6) for i, d in enumerate(reversed(digits)))
    rest = 11 - total % 11
    return str({10: 0, 11: 1}.get(rest, rest))
