"""The filters of the list, and the saved views above it."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    CheckboxFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
)

from areamedica.clock import caracas_day
from areamedica.permissions import Permission
from banking.institutions import INSTITUTIONS
from transactions.models import Transaction
from transactions.states import State

Rows = QuerySet[Transaction]


class Statuses(CheckboxFilter):
    """One or several states."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 (Django's)
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        chosen = [each for each in self.value() or [] if each in State.values]
        return queryset.filter(status__in=chosen) if chosen else queryset


class Kinds(ChoicesDropdownFilter):
    """Transfer or pago móvil."""


class Banks(DropdownFilter):
    title = _("payer's bank")
    parameter_name = "bank_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 (Django's)
        return [(bank.code, bank.label) for bank in INSTITUTIONS.values()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        chosen = self.value()
        return queryset.filter(bank_code=chosen) if chosen else queryset


class Mine(DropdownFilter):
    title = _("author")
    parameter_name = "mine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 (Django's)
        return [("1", _("Me"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if self.value() == "1":
            return queryset.filter(created_by=request.user)  # type: ignore[misc]
        return queryset


def views(changelist: ChangeList, request: HttpRequest) -> Iterator[dict[str, Any]]:
    """The saved views above the list: links with their filters."""
    given = changelist.get_query_string(remove=["p"]).lstrip("?")
    named = [
        (_("All transactions"), ""),
        (_("Today"), f"since={caracas_day(timezone.now())}"),
        (_("Waiting for the bank"), "status=IN_PROGRESS&status=UNKNOWN"),
        (_("Waiting for a person"), "status=TO_REVIEW"),
    ]
    if request.user.can(Permission.TRANSACTION_CREATE):  # type: ignore[union-attr]
        named.insert(2, (_("Mine"), "mine=1"))
    for title, query in named:
        yield {"title": title, "query": query, "active": given == query}
