"""The list of transactions: search, filter, read; a single hit opens at once."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from areamedica.back_office import OwnPages, can
from areamedica.day_filters import Since, Until
from areamedica.permissions import Permission
from transactions.admin import filters, searching
from transactions.admin.export import MOST_ROWS
from transactions.models import Transaction


class TransactionList(OwnPages):
    """Columns are few and come with the rows: one question for fifty of them."""

    opens_with = (Permission.TRANSACTION_READ,)
    folder = "transactions"
    list_display: ClassVar[Sequence[str]] = (
        "status",
        "customer_full_name",
        "reference",
        "amount",
        "created_at",
    )
    sortable_by = ("amount", "created_at")
    list_filter: ClassVar[Sequence[Any]] = (
        filters.Statuses,
        ("type", filters.Kinds),
        filters.Banks,
        Since,
        Until,
        filters.Mine,
    )
    list_filter_submit = True
    list_select_related = ("created_by",)
    search_fields = ("reference",)
    search_help_text = _("Last digits, name, document, phone or amount")
    list_before_template = "transactions/list_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        return Transaction.objects.present()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return searching.search(queryset, search_term), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(
            request,
            {
                "title": _("Transactions"),
                "may_export": can(request, Permission.TRANSACTION_EXPORT),
                "most_exported": MOST_ROWS,
                **(extra_context or {}),
            },
        )
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is None:
            return response
        if set(request.GET) == {SEARCH_VAR} and changelist.result_count == 1:
            only = changelist.result_list[0]
            return redirect("admin:transactions_transaction_change", only.pk)
        assert isinstance(response, TemplateResponse)  # noqa: S101 (it has a list)
        assert response.context_data is not None  # noqa: S101
        response.context_data["views"] = list(filters.views(changelist, request))
        response.context_data["query"] = changelist.get_query_string()
        return response
