"""How long the journal is kept, and the two people who have old words pruned."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from areamedica import doorbell
from areamedica.back_office import CHANGES, OwnPages, page, person_of, telling
from areamedica.errors import Refusal
from areamedica.permissions import Permission as P
from audit.evidence.words import names_of
from audit.law.retention import (
    approve_pruning,
    ask_to_prune,
    decline_pruning,
    keep_since,
)
from audit.models import PruneRequest, Record

_SHOWN = 100


class PruneForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=3,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@admin.register(PruneRequest)
class Retention(OwnPages):
    """One page of its own; Django's list of the requests is not shown."""

    opens_with = (P.PRIVACY_MANAGE,)
    folder = "audit"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("", door(self.overview), name="retention"),
            path("ask/", door(self.ask), name="prune_ask"),
            path("<uuid:pk>/approve/", door(self.approve), name="prune_approve"),
            path("<uuid:pk>/decline/", door(self.decline), name="prune_decline"),
        ]

    @page(P.PRIVACY_MANAGE)
    def overview(self, request: HttpRequest) -> HttpResponse:
        return self._overview(request, PruneForm())

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def ask(self, request: HttpRequest) -> HttpResponse:
        form = PruneForm(request.POST)
        if not form.is_valid():
            return self._overview(request, form, status=400)
        try:
            ask_to_prune(
                actor=person_of(request),
                why=form.cleaned_data["why"],
                now=timezone.now(),
            )
            messages.success(request, _("Written down. A second person agrees to it."))
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            return self._overview(request, form, status=400)
        return redirect("admin:retention")

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def approve(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            approve_pruning(request_id=pk, actor=person_of(request))
            messages.success(request, _("Agreed. It is pruned once that is sealed."))
            doorbell.ring("audit.prune")
        return redirect("admin:retention")

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def decline(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            decline_pruning(request_id=pk, actor=person_of(request))
            messages.success(request, _("Declined; nothing is pruned."))
        return redirect("admin:retention")

    def _overview(
        self, request: HttpRequest, form: forms.Form, *, status: int = 200
    ) -> HttpResponse:
        requests = list(PruneRequest.objects.all()[:_SHOWN])
        people = [pk for each in requests for pk in (each.requested_by, _closer(each))]
        names = names_of(people)
        return self._show(
            request,
            "retention",
            status=status,
            title=_("Retention"),
            form=form,
            years=settings.RETENTION_YEARS,
            country=settings.DATA_RESIDENCY,
            oldest=Record.objects.order_by("pk").first(),
            keep_since=keep_since(timezone.now()),
            waiting=[_told(each, names) for each in requests if each.is_open],
            closed=[_told(each, names) for each in requests if not each.is_open],
            actor=person_of(request).pk,
        )


def _told(request: PruneRequest, names: dict[str, str]) -> dict[str, object]:
    """The request with the names of its people."""
    return {
        "it": request,
        "asked_by": names.get(str(request.requested_by), "—"),
        "closed_by": names.get(str(_closer(request)), "—"),
    }


def _closer(request: PruneRequest) -> UUID | None:
    return request.approved_by or request.declined_by
