"""How long to measure, and on how much."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`seconds` of each round, `rows` of the big list or of the books, `claims` to be
    verified.

    Of the journal: `events` in it, and `round_seconds` of writing beside posting.
    """

    seconds: float = 4.0
    rows: int = 1_000_000
    claims: int = 2_000
    events: int = 100_000
    round_seconds: float = 10.0
