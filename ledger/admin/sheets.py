"""Reports and statements as CSV, fit to be opened in a spreadsheet."""

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise

from areamedica.clock import CARACAS
from areamedica.spreadsheets import inert

Value = str | Promise | int | Decimal


def as_csv(rows: Iterable[Iterable[Value]], *named: str) -> HttpResponse:
    """Amounts stay numbers with a point; no text is taken for a formula. The file is
    named after what it tells, of what, and when."""
    name = "-".join(named)
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
    answer.write("\ufeff")  # or Excel reads it in the machine's own alphabet
    writer = csv.writer(answer)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return answer


def during(first: date, last: date) -> str:
    """These days, in the name of a file."""
    return f"{first}-a-{last}"


def at_end_of(day: date | None) -> str:
    """The day, in the name of a file. Without one it tells of now, after which more
    may be booked the same day; so the time stands there too."""
    now = timezone.now().astimezone(CARACAS)
    return str(day) if day else f"{now:%Y-%m-%d-%H%M}"


def _cell(value: Value) -> str:
    return str(value) if isinstance(value, (Decimal, int)) else inert(str(value))
