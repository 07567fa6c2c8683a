"""Reports and statements as CSV, fit to be opened in a spreadsheet."""

import csv
from collections.abc import Iterable
from decimal import Decimal

from django.http import HttpResponse
from django.utils.functional import Promise

from areamedica.spreadsheets import inert

Value = str | Promise | int | Decimal


def as_csv(name: str, rows: Iterable[Iterable[Value]]) -> HttpResponse:
    """Amounts stay numbers with a point; no text is taken for a formula."""
    answer = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
    answer.write("\ufeff")  # or Excel reads it in the machine's own alphabet
    writer = csv.writer(answer)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return answer


def _cell(value: Value) -> str:
    return str(value) if isinstance(value, (Decimal, int)) else inert(str(value))
