"""Closing the months of the books, and reopening the last one by two people."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, can, page, telling, typed
from areamedica.permissions import Permission as P
from ledger.admin import asked
from ledger.admin.forms import MonthForm
from ledger.models import Closing
from ledger.services import periods

_SHOWN = 100


@admin.register(Closing)
class Months(OwnPages):
    """One page of its own: what is closed, who did what, and what is next."""

    opens_with = (P.LEDGER_READ,)
    folder = "ledger"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        verbs = "close ask reopen"
        return [
            path("", door(self.all), name="months"),
            *(
                path(f"{verb}/", door(getattr(self, verb)), name=f"month_{verb}")
                for verb in verbs.split()
            ),
        ]

    @page(P.LEDGER_READ)
    def all(self, request: HttpRequest) -> HttpResponse:
        rows = list(Closing.objects.select_related("by", "approved_by")[:_SHOWN])
        state = month_state(rows[0] if rows else None)
        return self._show(
            request,
            "months",
            title=_("Months"),
            rows=rows,
            state=state,
            is_own=bool(state["asked"]) and rows[0].by_id == actor_of(request).pk,
            may_close=can(request, P.LEDGER_CLOSE),
            close_form=MonthForm(initial={"month": state["due"]}, prefix="close"),
            month_form=MonthForm(initial={"month": state["closed"]}, prefix="last"),
        )

    @page(P.LEDGER_CLOSE, methods=CHANGES)
    def close(self, request: HttpRequest) -> HttpResponse:
        def do(**asked: Any) -> Closing:
            return periods.close_month(**asked, now=timezone.now())

        return self._carry_out(request, "close", do, _("The month is closed."))

    @page(P.LEDGER_CLOSE, methods=CHANGES)
    def ask(self, request: HttpRequest) -> HttpResponse:
        done = _("Asked. Another person reopens the month.")
        return self._carry_out(request, "last", periods.ask_to_reopen, done)

    @page(P.LEDGER_CLOSE, methods=CHANGES)
    def reopen(self, request: HttpRequest) -> HttpResponse:
        done = _("The month is open again.")
        return self._carry_out(request, "last", periods.reopen_month, done)

    def _carry_out(
        self, request: HttpRequest, prefix: str, do: Callable[..., Closing], done: str
    ) -> HttpResponse:
        form = MonthForm(request.POST, prefix=prefix)
        with telling(request):
            do(**typed(form), actor=actor_of(request))
            messages.success(request, done)
        return redirect("admin:months")


def month_state(last: Closing | None) -> dict[str, Any]:
    """`closed`: the last closed month; `due`: the next to close, if it is over."""
    closed: date | None = None
    due = asked.month_before(asked.today()).first
    if last:
        due = last.until + timedelta(days=1)
        # What was reopened first has nothing closed before it that has a row.
        closed = last.until.replace(day=1)
    is_over = asked.month_of(due).last < asked.today()
    return {
        "until": last.until if last else None,
        "closed": closed,
        "asked": last if last and last.kind == Closing.Kind.ASKED else None,
        "due": due,
        "is_over": is_over,
    }
