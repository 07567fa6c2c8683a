"""The list of people: filters, search and order."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from accounts.models import User
from areamedica.errors import InvalidInput

SORTABLE = ("created_at", "email", "full_name")


class Users(django_filters.FilterSet):
    """`status=active|inactive`, `role=…`, `search=…`, `sort=field:asc|desc`."""

    status = django_filters.ChoiceFilter(
        choices=[("active", "active"), ("inactive", "inactive")], method="by_status"
    )
    role = django_filters.CharFilter(field_name="role__name", help_text="its name")
    search = django_filters.CharFilter(
        method="by_words", help_text="part of the name or e-mail"
    )
    sort = django_filters.CharFilter(
        method="in_order",
        help_text=f"`field:asc` or `:desc`; of {', '.join(SORTABLE)}",
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def by_status(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_active=value == "active")

    def by_words(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        words = Q(full_name__icontains=value) | Q(email__icontains=value)
        return rows.filter(words)

    def in_order(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        field, _, direction = value.partition(":")
        if field not in SORTABLE or direction not in {"", "asc", "desc"}:
            raise InvalidInput(fields={"sort": [", ".join(SORTABLE)]})
        sign = "-" if direction == "desc" else ""
        return rows.order_by(f"{sign}{field}", "pk")
