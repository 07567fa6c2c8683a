"""From this Caracas day, until that one: filters of any list of moments."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter
from unfold.widgets import INPUT_CLASSES

from areamedica.clock import end_of, start_of


class DayBound(TextFilter):  # type: ignore[misc]  # unfold has no types
    """One end of a range; a day nobody can read narrows nothing."""

    moment = "created_at"

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        widget = forms.DateInput(
            attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}
        )
        form = forms.Form(data={self.parameter_name: self.value()})
        form.fields[self.parameter_name] = forms.CharField(
            label=self.title, required=False, widget=widget
        )
        yield {"form": form}

    def day(self) -> date | None:
        try:
            read = date.fromisoformat(self.value() or "")
        except ValueError:
            return None
        return read if date.min < read < date.max else None


class Since(DayBound):
    title = _("From the day")
    parameter_name = "since"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        day = self.day()
        if day is None:
            return queryset
        return queryset.filter(**{f"{self.moment}__gte": start_of(day)})


class Until(DayBound):
    title = _("Until the day")
    parameter_name = "until"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        day = self.day()
        if day is None:
            return queryset
        return queryset.filter(**{f"{self.moment}__lt": end_of(day)})
