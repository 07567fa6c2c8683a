"""Files for the books in one line each."""

from datetime import date
from typing import Any

from accounts.models import User
from ledger.import_file import DecimalMark
from ledger.models import Import
from ledger.services import imports

TODAY = date(2026, 11, 22)
HEADING = "date;debit;credit;amount;currency;code;description"
CASH_IN = "2026-11-01;1120-VES;3900-VES;1.000,00;VES;opening;Apertura"
A_FEE = "2026-11-02;5100-VES;1120-VES;12,50;VES;charge;Comisión"
PATIENT = "2100-VES-5d1c7c4e-6f0a-5b6e-9a39-2f6d1f0c8a11"


def csv_of(*rows: str, heading: str = HEADING) -> bytes:
    return "\r\n".join([heading, *rows, ""]).encode()


def upload(actor: User, *rows: str, **given: Any) -> Import:
    return imports.upload(
        content=given.pop("content", None) or csv_of(*rows),
        file_name=given.pop("file_name", "apertura.csv"),
        mark=given.pop("mark", DecimalMark.COMMA),
        actor=actor,
        today=TODAY,
    )


def faults(found: Import) -> list[tuple[int, str]]:
    """(line, fault) of what the preview says is wrong."""
    return [(each["line"], each["fault"]) for each in found.preview["wrongs"]]


def booked(actor: User, *rows: str, **given: Any) -> Import:
    """Uploaded, confirmed and worked off."""
    found = upload(actor, *rows, **given)
    imports.confirm(import_id=found.pk, actor=actor)
    imports.book(import_id=found.pk, today=TODAY)
    found.refresh_from_db()
    return found
