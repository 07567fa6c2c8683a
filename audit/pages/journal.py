"""Pages of the journal beside its list: a story, a record, a look, a report."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from areamedica.back_office import CHANGES, OwnPages, page, person_of
from areamedica.clock import caracas_day, demand_within_reach
from areamedica.permissions import Permission as P
from audit.law import compliance, compliance_paper
from audit.looks import ask_to_look
from audit.models import Look, Record
from audit.pages import showing, timeline
from audit.seal import proofs


class PeriodForm(forms.Form):
    """Caracas days, both included; the last thirty when none is given."""

    first = forms.DateField(
        label=gettext_lazy("From the day"),
        validators=[demand_within_reach],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=gettext_lazy("Until the day"),
        validators=[demand_within_reach],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and first > last:
            raise forms.ValidationError(_("The period ends before it begins."))
        return self.cleaned_data


class JournalPages(OwnPages):
    """None of them changes anything but the button that asks for a look."""

    folder = "audit"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("story/", door(self.whole_story), name="audit_story"),
            path("look/", door(self.look), name="audit_look"),
            path("look/<uuid:pk>/", door(self.looking), name="audit_looking"),
            path("compliance/", door(self.report), name="audit_compliance"),
            path("<int:pk>/proof/", door(self.proof), name="audit_proof_of"),
            *super().get_urls(),
        ]

    @page(P.AUDIT_READ)
    def whole_story(self, request: HttpRequest) -> HttpResponse:
        subject = request.GET.get("subject", "").strip()
        return self._show(
            request,
            "story",
            title=_("Whole story"),
            subject=subject,
            days=timeline.timeline_of(subject) if subject else [],
        )

    def key_of(self, text: str) -> int:
        """Records are numbered."""
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise Http404
        return int(text)

    @page(P.AUDIT_READ)
    def one(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = get_object_or_404(Record, pk=pk)
        return self._show(
            request,
            "one",
            title=str(record.get_action_display()),
            record=record,
            told=timeline.sentence_of(record),
            steps=showing.steps_of(record),
            back=request.GET.get("_changelist_filters", ""),
        )

    @page(P.AUDIT_READ)
    def proof(self, request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponse(
            proofs.of_record(str(pk)),
            content_type="text/plain; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{pk}.tlog-proof"'},
        )

    @page(P.AUDIT_READ, methods=CHANGES)
    def look(self, request: HttpRequest) -> HttpResponse:
        look = ask_to_look(actor=person_of(request))
        return redirect("admin:audit_looking", look.pk)

    @page(P.AUDIT_READ)
    def looking(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page of a look; its moving part alone when the page's script asks."""
        look = get_object_or_404(Look, pk=pk)
        seen = request.GET.get("version")
        version = f"{look.begun_at is not None}-{look.seen}-{look.ended_at is not None}"
        if seen == version:
            return HttpResponse(status=204)
        name = "looking" if seen is None else "_looking"
        return self._show(
            request, name, title=_("Verification"), look=look, version=version
        )

    @page(P.AUDIT_READ)
    def report(self, request: HttpRequest) -> HttpResponse:
        """The form alone, the report below it, or the report as a file."""
        form = PeriodForm(request.GET if "first" in request.GET else None)
        if not form.is_bound:
            form = PeriodForm(initial=_last_thirty_days())
        elif form.is_valid():
            made = compliance.report(**form.cleaned_data)
            return self._reported(request, form, made)
        return self._show(
            request, "compliance", title=_("Compliance report"), form=form
        )

    def _reported(
        self, request: HttpRequest, form: forms.Form, made: compliance.Report
    ) -> HttpResponse:
        wanted = request.GET.get("format")
        name = f"cumplimiento-{made.first}-{made.last}"
        if wanted == "json":
            return JsonResponse(made.as_dict(), encoder=DjangoJSONEncoder)
        if wanted == "pdf":
            return HttpResponse(
                compliance_paper.pdf(made),
                content_type="application/pdf",
                headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'},
            )
        return self._show(
            request,
            "compliance",
            title=_("Compliance report"),
            form=form,
            made=made,
            parts=compliance_paper.parts_of(made),
        )


def _last_thirty_days() -> dict[str, date]:
    today = caracas_day(timezone.now())
    return {"first": today - timedelta(days=29), "last": today}
