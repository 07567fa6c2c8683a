"""The journal, to read: filtered by what, when and who, searched by its subject."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from areamedica.back_office import CHANGES, page, person_of, say
from areamedica.clock import caracas_day, demand_within_reach
from areamedica.day_filters import Since, Until
from areamedica.errors import Refusal
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import at
from audit import figures
from audit.canonical import facts_of
from audit.evidence.exports import export_evidence, export_period
from audit.evidence.words import facts_in_words, in_words
from audit.models import Checkpoint, Record
from audit.pages.journal import JournalPages
from audit.pages.retention import Retention as Retention
from audit.replay import PROJECTIONS, differences, last_replays
from audit.seal import keys


class SinceAt(Since):
    moment = "at"


class UntilAt(Until):
    moment = "at"


class Actors(DropdownFilter):
    """Those who work in the back office; the system is one of them."""

    title = _("actor")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 (Django's)
        people = get_user_model()._default_manager.order_by("full_name")
        return [(str(pk), name) for pk, name in people.values_list("pk", "full_name")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Record]
    ) -> QuerySet[Record]:
        try:
            return queryset.filter(actor_id=UUID(self.value() or ""))
        except ValueError:
            return queryset


class Days(forms.Form):
    first = forms.DateField(validators=[demand_within_reach])
    last = forms.DateField(validators=[demand_within_reach])


@admin.register(Record)
class Journal(JournalPages):
    """Appended by services, refused by the database to everybody else."""

    opens_with = (P.AUDIT_READ,)
    list_display = ("moment", "what", "who", "about", "told")
    list_display_links = ("moment",)
    list_filter: ClassVar[Any] = (
        ("action", ChoicesDropdownFilter),
        Actors,
        SinceAt,
        UntilAt,
    )
    list_filter_submit = True
    sortable_by = ()
    search_fields = ("subject_id",)
    search_help_text = _("Number of a transaction, person or request")
    list_before_template = "audit/seal.html"
    fields = ("moment", "what", "who", "about", "request_id", "told")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        people = get_user_model()._default_manager.filter(pk=OuterRef("actor_id"))
        rows: QuerySet[Record] = super().get_queryset(request)
        return rows.annotate(actor_name=Subquery(people.values("full_name")))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(
            request,
            {
                **(extra_context or {}),
                "seal": _seal(),
                "subject": request.GET.get("q", "").strip(),
                "today": caracas_day(timezone.now()),
            },
        )
        return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Whole ids only: one transaction's whole story, or one request's."""
        term = search_term.strip()
        if term:
            queryset = queryset.filter(Q(subject_id=term) | Q(request_id=term))
        return queryset, False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("evidence/", view(self.evidence), name="audit_record_evidence"),
            path("period/", view(self.period), name="audit_record_period"),
            *super().get_urls(),
        ]

    @page(P.AUDIT_READ, methods=CHANGES)
    def evidence(self, request: HttpRequest) -> HttpResponse:
        """Everything about one subject, sealed, with proofs and their verifier."""
        subject = request.POST.get("subject", "").strip()
        try:
            bundle = export_evidence(subject_id=subject, actor_id=person_of(request).pk)
        except Refusal as refusal:
            return _refused(request, refusal, q=subject)
        return _as_file(bundle, subject)

    @page(P.AUDIT_READ, methods=CHANGES)
    def period(self, request: HttpRequest) -> HttpResponse:
        """All that was sealed from one day to another, the same way."""
        days = Days(request.POST)
        if not days.is_valid():
            messages.error(request, _("Both days are needed."))
            return redirect("admin:audit_record_changelist")
        first, last = days.cleaned_data["first"], days.cleaned_data["last"]
        try:
            bundle = export_period(
                first=first, last=last, actor_id=person_of(request).pk
            )
        except Refusal as refusal:
            return _refused(request, refusal)
        return _as_file(bundle, f"{first} {last}")

    @display(description=_("at"))
    def moment(self, record: Record) -> str:
        return at(record.at)

    @display(description=_("action"))
    def what(self, record: Record) -> str:
        return str(record.get_action_display())

    @display(description=_("actor"))
    def who(self, record: Record) -> str:
        return getattr(record, "actor_name", None) or "—"

    @display(description=_("subject"))
    def about(self, record: Record) -> str | SafeString:
        if not record.subject_id:
            return "—"
        return format_html(
            '<a href="?q={0}">{1} {2}…</a>',
            record.subject_id,
            in_words(record.subject_type),
            record.subject_id[:8],
        )

    @display(description=_("facts"))
    def told(self, record: Record) -> SafeString:
        pairs = facts_in_words(facts_of(record.facts))
        # In one element: the cards of a phone lay out each child by itself.
        return format_html(
            "<span>{}</span>", format_html_join(" · ", "{}: <b>{}</b>", pairs)
        )


def _refused(request: HttpRequest, refusal: Refusal, **query: str) -> HttpResponse:
    say(request, refusal)
    here = redirect("admin:audit_record_changelist")
    if query:
        here["Location"] += f"?{urlencode(query)}"
    return here


def _as_file(bundle: bytes, about: str) -> HttpResponse:
    name = f"sello-{slugify(about)}.zip"
    return HttpResponse(
        bundle,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _seal() -> dict[str, object]:
    """How far the journal is sealed, and what the last looks at it found."""
    _, seconds = figures.behind()
    look, full = figures.last_look(), figures.last_full_look()
    return {
        "checkpoint": Checkpoint.objects.last(),
        "is_late": seconds >= figures.TOO_LATE.total_seconds(),
        "witnessed": figures.cosigned_size(),
        "is_alone": figures.alone() >= figures.TOO_ALONE.total_seconds(),
        "looked_at": look and look.at,
        "looked_at_all": full and full.at,
        "findings": figures.findings(),
        "key": keys.signer().verifier.key_id.hex(),
        "replays": [
            {
                "name": PROJECTIONS[each.projection].label,
                "at": each.at,
                "differs": differences(each),
            }
            for each in last_replays()
            if each.projection in PROJECTIONS
        ],
    }
