"""The books at a glance, and the reports: read, printed, taken along as CSV."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from areamedica import doorbell
from areamedica.back_office import CHANGES, OwnPages, page
from areamedica.permissions import Permission as P
from ledger.admin import asked
from ledger.admin.months import month_state
from ledger.admin.sheets import Value, as_csv, at_end_of, during
from ledger.admin.wrong import wrong_with
from ledger.chart import IN_TRANSIT, UNNAMED_CREDIT, Kind, code_of
from ledger.models import Balance, Closing, Proof
from ledger.services import reports
from ledger.services.reports import AsOf, Line, Sheet

# What the accounts of a kind are together; the kind's own label is of one account.
_TOGETHER = {
    Kind.ASSET: gettext_lazy("Assets"),
    Kind.LIABILITY: gettext_lazy("Liabilities"),
    Kind.EQUITY: gettext_lazy("Equity"),
    Kind.INCOME: gettext_lazy("Revenue"),
    Kind.EXPENSE: gettext_lazy("Expenses"),
}


@dataclass(frozen=True)
class _Part:
    """A report's accounts of one kind."""

    kind: Kind
    lines: list[Line]

    @property
    def name(self) -> str | Promise:
        return _TOGETHER[self.kind]

    @property
    def total(self) -> Decimal:
        return reports.total(self.lines)


@admin.register(Balance)
class Books(OwnPages):
    """Pages of their own; Django's list of balances is not shown."""

    opens_with = (P.LEDGER_READ,)
    folder = "ledger"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("", door(self.start), name="books"),
            path("trial/", door(self.trial), name="books_trial"),
            path("sheet/", door(self.sheet), name="books_sheet"),
            path("result/", door(self.result), name="books_result"),
            path("proof/", door(self.proof), name="books_proof"),
            path("prove/", door(self.prove), name="books_prove"),
        ]

    @page(P.LEDGER_READ)
    def start(self, request: HttpRequest) -> HttpResponse:
        return self._show(
            request,
            "books",
            title=_("Books"),
            glances=[_glance(sheet) for sheet in reports.all_balances()],
            so_far=asked.so_far(None),
            **_proved(request),
            months=month_state(Closing.objects.select_related("by").first()),
        )

    @page(P.LEDGER_READ)
    def trial(self, request: HttpRequest) -> HttpResponse:
        sheet = self._as_of(request)
        if "csv" in request.GET:
            when, rows = at_end_of(asked.day_of(request)), _trial(sheet)
            return as_csv(rows, "balance-de-comprobacion", sheet.currency, when)
        return self._report(request, "trial", _("Trial balance"), sheet)

    @page(P.LEDGER_READ)
    def sheet(self, request: HttpRequest) -> HttpResponse:
        sheet = self._as_of(request)
        parts = [_Part(kind, sheet.of(kind)) for kind in (Kind.ASSET, *reports.OWED)]
        if "csv" in request.GET:
            when, rows = at_end_of(asked.day_of(request)), _parts(sheet, parts)
            return as_csv(rows, "balance-general", sheet.currency, when)
        so_far = asked.so_far(asked.day_of(request))
        return self._report(
            request, "sheet", _("Balance sheet"), sheet, parts=parts, so_far=so_far
        )

    @page(P.LEDGER_READ)
    def result(self, request: HttpRequest) -> HttpResponse:
        period = asked.period_of(request)
        sheet = reports.income_statement(
            asked.currency_of(request), first=period.first, last=period.last
        )
        parts = [_Part(kind, sheet.of(kind)) for kind in reports.OF_THE_RESULT]
        if "csv" in request.GET:
            days, rows = during(period.first, period.last), _parts(sheet, parts)
            return as_csv(rows, "resultados", sheet.currency, days)
        initial = {**vars(period), "currency": sheet.currency}
        currency_query = f"currency={sheet.currency}"
        return self._show(
            request,
            "result",
            title=_("Income statement"),
            csv_query=f"{period.query}&{currency_query}&csv=1",
            sheet=sheet,
            parts=parts,
            period=period,
            # What the tabs ask the balances for: no day that is still to come.
            day=min(period.last, asked.today()),
            trail=asked.trail_of(period),
            currency_query=currency_query,
            shortcuts=asked.shortcuts(asked.so_far(None)),
            form=asked.ResultForm(initial=initial),
        )

    @page(P.LEDGER_READ, methods=CHANGES)
    def prove(self, request: HttpRequest) -> HttpResponse:
        """Have a worker prove the books now; of large ones that takes minutes."""
        version = _version(Proof.objects.first())
        if doorbell.ring("ledger.prove"):
            return redirect(f"{reverse('admin:books')}?{urlencode({'since': version})}")
        messages.error(request, _("No worker can be reached; try again shortly."))
        return redirect("admin:books")

    @page(P.LEDGER_READ)
    def proof(self, request: HttpRequest) -> HttpResponse:
        """What the books' page says of the proof; 204 while no other has come."""
        context = _proved(request)
        if request.GET.get("version") == context["version"]:
            return HttpResponse(status=204)
        return TemplateResponse(request, "ledger/_proof.html", context)

    def _as_of(self, request: HttpRequest) -> Sheet:
        as_of = AsOf(on=asked.day_of(request))
        return reports.balances(asked.currency_of(request), as_of)

    def _report(
        self, request: HttpRequest, name: str, title: str, sheet: Sheet, **more: Any
    ) -> HttpResponse:
        day = asked.day_of(request)
        form = asked.BooksForm(initial={"on": day, "currency": sheet.currency})
        return self._show(
            request,
            name,
            title=title,
            csv_query=_csv_query(request),
            sheet=sheet,
            day=day,
            trail=asked.trail_on(day),
            form=form,
            **more,
        )


def _version(proof: Proof | None) -> str:
    return str(proof.pk if proof else 0)


def _proved(request: HttpRequest) -> dict[str, Any]:
    """The newest proof. Another is awaited while it is still the one that was there
    when that was asked for."""
    proof = Proof.objects.first()
    version = _version(proof)
    is_awaited = request.GET.get("since") == version
    return {
        "proof": proof,
        "version": version,
        "is_awaited": is_awaited,
        "wrong": wrong_with(request, proof) if proof and not is_awaited else [],
    }


def _csv_query(request: HttpRequest) -> str:
    query = request.GET.copy()
    query["csv"] = "1"
    return query.urlencode()


def _glance(sheet: Sheet) -> dict[str, Any]:
    """What a bookkeeper looks at first in one currency."""
    on = {line.code: line for line in sheet.lines}
    return {
        "sheet": sheet,
        "assets": sheet.of(Kind.ASSET),
        "owed": sheet.of(*reports.OWED),
        "in_transit": on.get(code_of(IN_TRANSIT, sheet.currency)),
        "unnamed": on.get(code_of(UNNAMED_CREDIT, sheet.currency)),
        "held": reports.held_in(sheet.currency),
    }


def _trial(sheet: Sheet) -> Iterable[Iterable[Value]]:
    yield _("Code"), _("Account"), _("Currency"), _("Debit"), _("Credit")
    for line in sheet.lines:
        yield line.code, line.name, line.currency, line.debit, line.credit
    yield "", _("Total"), sheet.currency, sheet.debit, sheet.credit


def _parts(sheet: Sheet, parts: Iterable[_Part]) -> Iterable[Iterable[Value]]:
    yield _("Kind"), _("Code"), _("Account"), _("Currency"), _("Amount")
    for part in parts:
        kind = part.kind.label
        for line in part.lines:
            yield kind, line.code, line.name, line.currency, line.amount
        yield kind, "", _("Total"), sheet.currency, part.total
    yield _("Result"), "", "", sheet.currency, sheet.result
