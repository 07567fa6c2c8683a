"""How long to measure, and on how much."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`seconds` of each round, `rows` of the big list or of the books, `claims` to be
    verified."""

    seconds: float = 4.0
    rows: int = 1_000_000
    claims: int = 2_000
