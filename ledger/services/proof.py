"""Prove the books from the transfers alone, and name whatever is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.db.models import F
from django.db.models.functions import Extract, Now
from django.db.transaction import atomic

from areamedica import database
from ledger.models import Proof

GUARDED = (
    "ledger_account",
    "ledger_transfer",
    "ledger_hold",
    "ledger_holdend",
    "ledger_closing",
    "ledger_closure",
)
_SQL = Path(__file__).with_name("proof.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: its kind, the row, and what was seen there."""

    kind: str
    subject: str
    detail: str = ""


Witness = Callable[[], Iterable[Finding]]
_WITNESSES: list[Witness] = []


def also_ask(witness: Witness) -> Witness:
    """Have a room above say what it knows: which of its rows lacks its transfer."""
    _WITNESSES.append(witness)
    return witness


def missing_guards(alias: str = "default") -> list[str]:
    """Which trigger is absent or switched off, such as `ledger_transfer x`."""
    missing = database.missing_guards(GUARDED, alias)
    return [" ".join(each) for each in missing]


def findings() -> list[Finding]:
    """Everything wrong with the books, at most a thousand rows of it.

    The books are read in one statement, so in one moment: posting goes on meanwhile.
    """
    with atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_SQL)
        found = [Finding(*row) for row in cursor.fetchall()]
        found += [Finding("guard_missing", each) for each in missing_guards()]
        for witness in _WITNESSES:
            found += witness()
    return found


@atomic
def prove() -> tuple[Proof, list[Finding]]:
    """Look for findings and keep their number for those who watch."""
    found = findings()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_transfer")
        [transfers] = cursor.fetchone()
    return Proof.objects.create(transfers=transfers, problems=len(found)), found


def last_proof() -> dict[str, tuple[str, float]]:
    """Name of the figure -> (what it says, its value); empty before the first proof."""
    age = Extract(Now() - F("at"), "epoch")
    last = Proof.objects.annotate(age=age).values("problems", "age").first()
    if last is None:
        return {}
    return {
        "ledger_problems": ("Found wrong by the last proof", last["problems"]),
        "ledger_proof_age_seconds": ("Since the last proof", float(last["age"])),
    }
