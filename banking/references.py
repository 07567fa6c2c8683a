"""Payment references: digits only, as text, leading zeros kept as typed.

Banks answer them unpadded, padded, or only their tail
(facts/banks-and-front-end.md §2, §3 and §6).
"""

TAIL_DIGITS = 6
"""The documented tail (manual V1.3); fewer digits fit by coincidence."""


def canonical(reference: str) -> str:
    """The form to compare by: without leading zeros."""
    return reference.lstrip("0") or "0"


def tail(reference: str) -> str:
    """The last six digits, zeros included."""
    return reference[-TAIL_DIGITS:]


def same_reference(asked: str, answered: str) -> bool:
    """Whether both are one reference, or one is a tail of at least six digits.

    An answered tail may have lost its zeros ("012345" comes back as 12345), so both
    are padded to six before tails are compared.
    """
    if canonical(asked) == canonical(answered):
        return True
    if len(asked) < TAIL_DIGITS:
        return False
    one = canonical(asked).zfill(TAIL_DIGITS)
    other = canonical(answered).zfill(TAIL_DIGITS)
    return one.endswith(other) or other.endswith(one)
