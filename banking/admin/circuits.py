"""How it stands with the bank, and the button that has it asked again at once."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, page
from areamedica.permissions import Permission as P
from banking.models import BankQuestion, Circuit
from banking.services import bank_status, close_circuit

_SHOWN = 20


@admin.register(Circuit)
class Circuits(OwnPages):
    """One page of its own; `banking.resilience.circuit` alone writes the row."""

    opens_with = (P.BANK_MANAGE,)
    folder = "banking"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("", door(self.state), name="bank"),
            path("close/", door(self.close), name="bank_close"),
        ]

    @page(P.BANK_MANAGE)
    def state(self, request: HttpRequest) -> HttpResponse:
        status = bank_status()
        latest = BankQuestion.objects.filter(bank=status.bank).defer("answer")
        return self._show(
            request,
            "state",
            title=_("State of the bank"),
            bank=status,
            circuit=Circuit.objects.filter(bank=status.bank).first(),
            questions=latest.order_by("-asked_at")[:_SHOWN],
        )

    @page(P.BANK_MANAGE, methods=CHANGES)
    def close(self, request: HttpRequest) -> HttpResponse:
        close_circuit(actor=actor_of(request))
        messages.success(request, _("The bank is asked again from now on."))
        return redirect("admin:bank")
