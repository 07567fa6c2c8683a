"""Personal data: handed out to the person, and erased by two people."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, page, telling
from areamedica.errors import Refusal
from areamedica.permissions import Permission as P
from transactions.formats import normal_document, normal_phone
from transactions.models import ErasureRequest, Ground, Outcome
from transactions.services.erase import carry_out, request_erasure, withdraw_erasure
from transactions.services.subject_access import export_subject

_SHOWN = 100
_KEPT = {
    "money": gettext_lazy("Amounts, days and who decided"),
    "reference": gettext_lazy("The bank's reference and the clinic's own number"),
    "credit": gettext_lazy("The bank's credit with its masked account"),
    "books": gettext_lazy("The entries in the books"),
    "journal": gettext_lazy("The journal, which names nobody"),
    "backups": gettext_lazy("Backups, until they expire"),
}


class SubjectForm(forms.Form):
    """One person, by document, by phone, or by both; blanks and dots do not matter."""

    document = forms.CharField(
        label=gettext_lazy("Document"), max_length=20, required=False
    )
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=20, required=False)

    def clean_document(self) -> str:
        return self._normal("document", normal_document)

    def clean_phone(self) -> str:
        return self._normal("phone", normal_phone)

    def _normal(self, name: str, form: Any) -> str:  # noqa: ANN401 (either form)
        raw = "".join(sign for sign in self.cleaned_data[name] if sign.isalnum())
        try:
            return str(form(raw)) if raw else ""
        except ValueError as error:
            raise forms.ValidationError(
                _("Not a document, or not a phone, of here.")
            ) from error


class ErasureForm(SubjectForm):
    ground = forms.ChoiceField(label=gettext_lazy("Who wants it"), choices=Ground)
    why = forms.CharField(
        label=gettext_lazy("Why, and how it was asked for"),
        max_length=500,
        min_length=3,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@admin.register(ErasureRequest)
class Privacy(OwnPages):
    """One page of its own; Django's list of the requests is not shown."""

    opens_with = (P.PRIVACY_MANAGE,)
    folder = "transactions"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("", door(self.overview), name="privacy"),
            path("ask/", door(self.ask), name="erasure_ask"),
            path("hand-out/", door(self.hand_out), name="subject_export"),
            path("<uuid:pk>/carry-out/", door(self.carry), name="erasure_carry_out"),
            path("<uuid:pk>/withdraw/", door(self.withdraw), name="erasure_withdraw"),
        ]

    @page(P.PRIVACY_MANAGE)
    def overview(self, request: HttpRequest) -> HttpResponse:
        return self._overview(request)

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def ask(self, request: HttpRequest) -> HttpResponse:
        form = ErasureForm(request.POST)
        if not form.is_valid():
            return self._overview(request, erasure_form=form)
        try:
            request_erasure(actor=actor_of(request), **form.cleaned_data)
            messages.success(
                request, _("Written down. A second person carries it out.")
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            return self._overview(request, erasure_form=form)
        return redirect("admin:privacy")

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def hand_out(self, request: HttpRequest) -> HttpResponse:
        form = SubjectForm(request.POST)
        if not form.is_valid():
            return self._overview(request, subject_form=form)
        try:
            packed = export_subject(
                actor=actor_of(request), now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, refusal.message)
            return self._overview(request, subject_form=form)
        return HttpResponse(
            packed,
            content_type="application/zip",
            headers={"Content-Disposition": 'attachment; filename="datos.zip"'},
        )

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def carry(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            carry_out(request_id=pk, actor=actor_of(request))
            messages.success(request, _("Erased. What had to be kept is listed below."))
        return redirect("admin:privacy")

    @page(P.PRIVACY_MANAGE, methods=CHANGES)
    def withdraw(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            withdraw_erasure(request_id=pk, actor=actor_of(request))
            messages.success(request, _("Withdrawn; nothing was erased."))
        return redirect("admin:privacy")

    def _overview(self, request: HttpRequest, **bound: forms.Form) -> HttpResponse:
        people = ErasureRequest.objects.select_related("requested_by", "closed_by")
        closed = people.exclude(outcome=Outcome.OPEN).order_by("-closed_at")
        asked = {
            "erasure_form": ErasureForm(auto_id="erase_%s"),
            "subject_form": SubjectForm(auto_id="subject_%s"),
            **bound,
        }
        return self._show(
            request,
            "privacy",
            status=400 if bound else 200,
            title=_("Personal data"),
            **asked,
            waiting=people.filter(outcome=Outcome.OPEN),
            closed=[(each, _kept(each)) for each in closed[:_SHOWN]],
            actor=actor_of(request),
        )


def _kept(request: ErasureRequest) -> list[str]:
    return [str(_KEPT[name]) for name in request.answer.get("kept", [])]
