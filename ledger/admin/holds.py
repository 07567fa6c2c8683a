"""The page of a hold: what is kept free, for what, until when, and letting it go."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, can, page, telling, typed
from areamedica.permissions import Permission as P
from ledger.admin.causes import CAUSES, Cause, ids, words_of
from ledger.admin.forms import ReasonForm
from ledger.admin.journal import MOST_SHOWN, notes_of
from ledger.admin.transfers import amount_of
from ledger.models import Hold
from ledger.services.holds import CAUSE, void_hold


def _amounts(keys: Iterable[str]) -> dict[str, str]:
    """What is said of a hold that is a transfer's cause: how much it was."""
    rows = Hold.objects.select_related("debit").filter(pk__in=[*ids(keys)])
    word = _("Hold")
    return {str(each.pk): f"{word} {amount_of(each)}" for each in rows}


CAUSES[CAUSE] = Cause(
    route="ledger_hold_change", permission=P.LEDGER_READ, names=_amounts
)


@admin.register(Hold)
class Holds(OwnPages):
    """Reached from an account or by its key; nobody needs a list of all."""

    opens_with = (P.LEDGER_READ,)
    folder = "ledger"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("<uuid:pk>/", door(self.one), name="ledger_hold_change"),
            path("<uuid:pk>/let-go/", door(self.let_go), name="hold_let_go"),
        ]

    @page(P.LEDGER_READ)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        rows = Hold.objects.select_related("debit", "credit", "end")
        hold = rows.filter(pk=pk).first()
        if hold is None:
            raise Http404
        end = getattr(hold, "end", None)
        notes = notes_of(request, [(CAUSE, str(pk))])
        return self._show(
            request,
            "hold",
            title=f"{words_of(hold.code)} · {amount_of(hold)}",
            hold=hold,
            end=end,
            amount=amount_of(hold),
            words=words_of(hold.code),
            form=ReasonForm(),
            may_let_go=end is None and can(request, P.LEDGER_POST),
            notes=notes[-MOST_SHOWN:],
            may_read_journal=can(request, P.AUDIT_READ),
        )

    @page(P.LEDGER_POST, methods=CHANGES)
    def let_go(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)
        with telling(request):
            void_hold(
                hold=pk, actor=actor_of(request), now=timezone.now(), **typed(form)
            )
            messages.success(request, _("The money is free again."))
        return redirect("admin:ledger_hold_change", pk)
