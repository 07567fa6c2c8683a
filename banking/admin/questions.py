"""Every question to the bank, to read; answers redacted as for the bank's desk."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from areamedica.back_office import ReadOnlyAdmin
from areamedica.day_filters import Since, Until
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import at
from banking.evidence import trace
from banking.models import BankQuestion
from banking.reading import Outcome

_COLOURS: dict[str, str] = dict.fromkeys(Outcome.values, "danger") | {
    Outcome.FOUND.value: "success",
    Outcome.MISSING.value: "warning",
    Outcome.ASKED.value: "info",
}


class SinceAsked(Since):
    moment = "asked_at"


class UntilAsked(Until):
    moment = "asked_at"


@admin.register(BankQuestion)
class Questions(ReadOnlyAdmin):
    opens_with = (P.BANK_MANAGE,)
    list_display = ("asked", "ended", "modality", "shape", "code", "latency")
    list_filter: ClassVar[Any] = (
        ("outcome", ChoicesDropdownFilter),
        ("modality", ChoicesDropdownFilter),
        SinceAsked,
        UntilAsked,
    )
    list_filter_submit = True
    sortable_by = ()
    ordering = ("-asked_at",)
    search_fields = ("subject",)
    search_help_text = _("Number of the transaction")
    fields = (
        "asked",
        "outcome",
        "subject",
        "modality",
        "shape",
        "patience",
        "http_status",
        "code",
        "latency",
        "asked_and_answered",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BankQuestion]:
        rows: QuerySet[BankQuestion] = super().get_queryset(request)
        return rows.defer("answer")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return queryset.filter(
                subject=search_term
            ) if search_term else queryset, False
        except (ValueError, ValidationError):
            return queryset.none(), False

    @display(description=_("asked at"))
    def asked(self, question: BankQuestion) -> str:
        return at(question.asked_at)

    @display(description=_("outcome"), label=_COLOURS)
    def ended(self, question: BankQuestion) -> tuple[str, str]:
        return question.outcome, str(question.get_outcome_display())

    @display(description=_("took"))
    def latency(self, question: BankQuestion) -> str:
        return "—" if question.latency_ms is None else f"{question.latency_ms} ms"

    @display(description=_("asked and answered, masked"))
    def asked_and_answered(self, question: BankQuestion) -> SafeString:
        seen = trace(question)
        told = {"request": seen["request"], "answer": seen["answer"]}
        written = json.dumps(told, indent=2, ensure_ascii=False)
        return format_html('<pre class="am-pre">{}</pre>', written)
