"""The parts of the comparison as the template draws them."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.functional import Promise


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The bank's value in one field and what it says about the claim's."""

    value: str
    equal: bool | None
    gap: str = ""

    @property
    def mark(self) -> str:
        return {True: "equal", False: "differs", None: "unstated"}[self.equal]


@dataclass(frozen=True, kw_only=True)
class Credit:
    """One credit of the bank: its place among the candidates and what it shows."""

    place: int
    amount: Decimal
    cells: dict[str, Cell]
    extras: list[tuple[str | Promise, str]]
    pays: UUID | None
    is_chosen: bool

    @property
    def number(self) -> int:
        return self.place + 1

    @property
    def differences(self) -> int:
        return sum(cell.equal is False for cell in self.cells.values())


@dataclass(frozen=True, kw_only=True)
class Line:
    """One compared field across the claim and every credit."""

    label: str | Promise
    claimed: str
    cells: list[Cell]
