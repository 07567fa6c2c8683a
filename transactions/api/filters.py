"""The list's filters: both clients' names for them, repetition tolerated."""

from datetime import date
from typing import Any, cast

import django_filters
from django import forms
from django.db.models import F, QuerySet
from django.db.models.functions import Right
from django.utils.translation import gettext_lazy as _

from areamedica.clock import end_of, start_of
from areamedica.errors import InvalidInput
from areamedica.money import UnreadableAmount, parse_amount
from transactions.formats import normal_phone
from transactions.models import Transaction, TransactionQuerySet
from transactions.states import ErdBank, State, Type

_SPELLINGS = {"CANCELLED": State.CANCELED}  # resolved conflict C8
SORTABLE = ("created_at", "updated_at", "amount", "status", "operation_date")


class Statuses(django_filters.Filter):
    """`status=A&status=B` and `status=A,B`, either spelling of canceled."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        wanted = set()
        for given in self.parent.data.getlist("status"):
            for word in filter(None, given.upper().split(",")):
                word = _SPELLINGS.get(word, word)
                if word not in State.values:
                    raise InvalidInput(fields={"status": [", ".join(State.values)]})
                wanted.add(word)
        return qs.filter(status__in=wanted) if wanted else qs


class DayField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class AmountFormField(forms.CharField):
    def clean(self, value: str | None) -> Any:
        if not value:
            return None
        try:
            return parse_amount(value)
        except UnreadableAmount as error:
            raise forms.ValidationError(error.message) from error


class AmountFilter(django_filters.Filter):
    field_class = AmountFormField


_FROM = "recorded on this Caracas day or later"
_TO = "recorded on this Caracas day or before"


class Transactions(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="by_words",
        label=_("search"),
        help_text="name, document, phone, reference or its last digits",
    )
    status = Statuses(
        label=_("status"), help_text="one or several: repeated, or with commas"
    )
    reference = django_filters.CharFilter(
        method="by_reference", help_text="whole, or its last six digits"
    )
    phone = django_filters.CharFilter(
        method="by_phone", help_text="the customer's: 04XXXXXXXXX or 584XXXXXXXXX"
    )
    start_date = DayFilter(method="from_day", help_text=_FROM)
    from_date = DayFilter(method="from_day", help_text=_FROM)
    end_date = DayFilter(method="to_day", help_text=_TO)
    to_date = DayFilter(method="to_day", help_text=_TO)
    type = django_filters.MultipleChoiceFilter(
        choices=Type.choices, help_text="one or several"
    )
    bank = django_filters.CharFilter(
        method="by_bank",
        help_text="`BANESCO`, `MOBILE_TRANSFER`, or the payer's bank code",
    )
    amount_min = AmountFilter(
        field_name="amount", lookup_expr="gte", help_text="such as `1234.56`"
    )
    amount_max = AmountFilter(
        field_name="amount", lookup_expr="lte", help_text="such as `1234.56`"
    )
    sort = django_filters.CharFilter(
        method="in_order",
        help_text=f"`field:asc` or `:desc`, with commas; of {', '.join(SORTABLE)}",
    )

    class Meta:
        model = Transaction
        fields: tuple[str, ...] = ()

    def by_words(
        self, rows: TransactionQuerySet, name: str, value: str
    ) -> QuerySet[Any]:
        return rows.matching(value)

    def by_reference(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The whole reference, or its last six digits."""
        if len(value) == 6:
            tailed = rows.alias(tail=Right("reference", 6))
            return cast("QuerySet[Any]", tailed.filter(tail=value))
        return rows.filter(reference=value)

    def by_phone(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        try:
            return rows.filter(customer_phone=normal_phone(value))
        except ValueError:
            return rows.none()

    def from_day(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        return rows.filter(created_at__gte=start_of(value))

    def to_day(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        if value == date.max:
            return rows
        return rows.filter(created_at__lt=end_of(value))

    def by_bank(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The seed's `BANESCO`, or the payer's bank code."""
        if value in ErdBank.values:
            return rows.filter(bank=value)
        return rows.filter(bank_code=value)

    def in_order(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        order = []
        for term in value.split(","):
            field, _, direction = term.partition(":")
            if field not in SORTABLE or direction not in {"", "asc", "desc"}:
                raise InvalidInput(fields={"sort": [", ".join(SORTABLE)]})
            ascending = direction != "desc"
            column = F(field)
            order.append(
                column.asc(nulls_last=True)
                if ascending
                else column.desc(nulls_last=True)
            )
        return rows.order_by(*order, "-created_at", "-pk")
