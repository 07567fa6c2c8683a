"""Questions our own code could not finish: looked at, and asked again by hand."""

from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, page, telling
from areamedica.permissions import Permission as P
from transactions.models import Inquiry
from transactions.services.sweep import replay_dead_letter

_SHOWN = 200


@admin.register(Inquiry)
class DeadLetters(OwnPages):
    """One page of its own; Django's list of all inquiries is not shown."""

    opens_with = (P.BANK_MANAGE,)
    folder = "transactions"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("dead/", door(self.dead), name="dead_letters"),
            path("<uuid:pk>/replay/", door(self.replay), name="replay"),
        ]

    @page(P.BANK_MANAGE)
    def dead(self, request: HttpRequest) -> HttpResponse:
        buried = Inquiry.objects.dead().select_related("transaction")
        return self._show(
            request,
            "dead_letters",
            title=_("Dead letters"),
            rows=buried.order_by("-dead_at")[:_SHOWN],
        )

    @page(P.BANK_MANAGE, methods=CHANGES)
    def replay(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            replay_dead_letter(actor=actor_of(request), transaction_id=pk)
            messages.success(request, _("The bank will be asked again."))
        return redirect("admin:dead_letters")
