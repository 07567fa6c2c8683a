"""Plays the auditor who trusts nobody, on a sample of completed payments (FTX-21).

Each payment is followed from the bank's answer to the books and into the sealed
journal; the seal is checked by the program handed to strangers, in its own process.
"""

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from areamedica.errors import Refusal
from audit.canonical import facts_of
from audit.evidence.exports import export_evidence
from audit.models import Record
from banking.models import BankQuestion
from banking.reading import Outcome
from ledger.amounts import to_minor
from ledger.models import Transfer
from transactions.books import COMPLETED, key_of
from transactions.models import Transaction
from transactions.states import Reason, State

# A look at the seal takes a program of its own; longer means that it hangs.
_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """What does not agree about one payment; `code` is one of CODES."""

    transaction: str
    code: str


CODES = (
    "bank_never_showed_it",
    "no_credit",
    "credit_differs",
    "not_booked",
    "booked_otherwise",
    "journal_lacks_it",
    "decided_by_its_author",
    "journal_names_another",
    "seal_does_not_hold",
)


@dataclass(frozen=True)
class Rehearsal:
    """How many payments were followed, and what was found."""

    payments: int
    findings: list[Finding]


def rehearse(*, sample: int, actor_id: UUID) -> Rehearsal:
    """Follow so many completed payments, the newest; taking evidence is journaled."""
    paid = Transaction.objects.filter(status=State.COMPLETED)
    rows = list(paid.select_related("credit").order_by("-completed_at")[:sample])
    findings = [each for row in rows for each in _followed(row, actor_id)]
    return Rehearsal(len(rows), findings)


def _followed(row: Transaction, actor_id: UUID) -> Iterator[Finding]:
    for code in (*_at_the_bank(row), *_in_the_books(row), *_in_the_journal(row)):
        yield Finding(str(row.pk), code)
    if not _seal_holds(row, actor_id):
        yield Finding(str(row.pk), "seal_does_not_hold")


def _at_the_bank(row: Transaction) -> Iterator[str]:
    found = BankQuestion.objects.filter(subject=row.pk, outcome=Outcome.FOUND)
    if not found.exists():
        yield "bank_never_showed_it"
    credit = getattr(row, "credit", None)
    if credit is None:
        yield "no_credit"
    elif (credit.amount, credit.currency) != (row.amount, row.currency):
        yield "credit_differs"


def _in_the_books(row: Transaction) -> Iterator[str]:
    booked = Transfer.objects.filter(pk=key_of(COMPLETED, row.pk)).first()
    credit = getattr(row, "credit", None)
    if booked is None:
        yield "not_booked"
    elif credit is not None and (booked.amount, booked.effective) != (
        to_minor(credit.amount, credit.currency),
        credit.day,
    ):
        yield "booked_otherwise"


def _in_the_journal(row: Transaction) -> Iterator[str]:
    told = Record.objects.filter(subject_type="transaction", subject_id=str(row.pk))
    authors = {each.actor_id for each in told.filter(action="transactions.recorded")}
    ends = [
        each
        for each in told.filter(action="transactions.moved")
        if facts_of(each.facts).get("became") == State.COMPLETED
    ]
    if not authors or not ends:
        yield "journal_lacks_it"
        return
    if row.status_reason == Reason.APPROVED:
        if ends[-1].actor_id in authors:
            yield "decided_by_its_author"
        if ends[-1].actor_id != row.decided_by_id:
            yield "journal_names_another"


def _seal_holds(row: Transaction, actor_id: UUID) -> bool:
    """Take the evidence as a stranger would and run the program in it."""
    try:
        packed = export_evidence(subject_id=str(row.pk), actor_id=actor_id)
    except Refusal:
        return False
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
        done = subprocess.run(  # noqa: S603 (our own program, nothing typed)
            [sys.executable, "-I", str(Path(folder) / "verify.py"), folder],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    return done.returncode == 0
