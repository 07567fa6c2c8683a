"""Digits as they may be kept or shown: enough to recognise, not enough to use."""

import re

_LONG_DIGITS = re.compile(r"[0-9*]{5,}", re.ASCII)


def mask(digits: str, *, keep: int = 4) -> str:
    """`584141234567` becomes `********4567`; a short text loses all but its half."""
    shown = min(keep, len(digits) // 2)
    return "*" * (len(digits) - shown) + digits[len(digits) - shown :]


def mask_numbers(text: str) -> str:
    """Mask every run of five digits or more inside a text."""
    return _LONG_DIGITS.sub(lambda run: mask(run[0]), text)
