"""Which days and which currency a page is asked for; what makes no sense is as if not
asked, so that an old address still opens. Of a period it is told."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.back_office import say, typed
from areamedica.clock import caracas_day, is_within_reach, last_of_month
from areamedica.errors import DayOutOfReach, Refusal
from areamedica.money import BOLIVAR, CURRENCIES
from areamedica.templatetags.back_office import day as written
from ledger.errors import PeriodTurnedRound
from ledger.services import reports
from ledger.services.reading import days_of
from ledger.services.reports import Reached
from ledger.services.statements import By, Place


def _day(label: Any, *, required: bool = False) -> forms.DateField:  # noqa: ANN401
    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )


class DaysForm(forms.Form):
    first = _day(_("From the day"))
    last = _day(_("Until the day"))


class ByForm(DaysForm):
    by = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            (By.BOOKED.value, _("as booked")),
            (By.EFFECTIVE.value, _("by effective day")),
        ],
    )


class CurrencyField(forms.ChoiceField):
    def __init__(self) -> None:
        named = [(each, each) for each in CURRENCIES]
        super().__init__(label=_("Currency"), required=False, choices=named)


class ResultForm(DaysForm):
    currency = CurrencyField()


class DayForm(forms.Form):
    on = _day(_("At the end of the day"))


class BooksForm(DayForm):
    currency = CurrencyField()


@dataclass(frozen=True)
class Period:
    first: date
    last: date

    @property
    def query(self) -> str:
        return urlencode({"first": self.first, "last": self.last})

    @property
    def is_month(self) -> bool:
        """Then there is one before, and one after."""
        return self == month_of(self.first)

    @property
    def before(self) -> "Period":
        return month_before(self.first)

    @property
    def after(self) -> "Period":
        return month_of(self.last + timedelta(days=1))


@dataclass(frozen=True)
class Trail:
    """What to ask the page of a heading, and of any other account, so that it shows
    the figure from which somebody comes; nothing where that is what is there now."""

    heading: str = ""
    account: str = ""


def today() -> date:
    return caracas_day(timezone.now())


def month_of(day: date) -> Period:
    return Period(day.replace(day=1), last_of_month(day))


def month_before(day: date) -> Period:
    return month_of(day.replace(day=1) - timedelta(days=1))


def period_of(request: HttpRequest) -> Period:
    """The days in the address, or this month. Where they are no period, whoever asked
    is told so: this month's figures are not those that he believes to see."""
    try:
        return _period(**typed(DaysForm(request.GET)))
    except (Refusal, ValidationError) as trouble:
        say(request, trouble)
    shown = month_of(today())
    words = _("Shown instead: from %(first)s until %(last)s.")
    days = {name: written(each) for name, each in vars(shown).items()}
    messages.info(request, words % days)
    return shown


def _period(first: date | None, last: date | None) -> Period:
    """A last day alone ends a part of its month; from a first one alone it is until
    today or, if that is before it, the end of its month.

    :raises DayOutOfReach: :raises PeriodTurnedRound:
    """
    if not all(is_within_reach(day) for day in (first, last) if day):
        raise DayOutOfReach
    if first and last and last < first:
        raise PeriodTurnedRound
    if last:
        return Period(first or last.replace(day=1), last)
    if first is None:
        return month_of(today())
    return Period(first, today() if first <= today() else last_of_month(first))


def so_far(day: date | None) -> Period:
    """All the days whose result has accumulated at the end of the day, or by now."""
    first, last = reports.days_of_the_books(today=today())
    return Period(first if day is None else min(first, day), day or last)


def trail_of(period: Period) -> Trail:
    """To what took effect on these days. No heading is of income or expense."""
    return Trail(account=f"?{period.query}&by={By.EFFECTIVE}")


def trail_on(day: date | None) -> Trail:
    """To what was there at the end of the day, by effective date: its month so far."""
    if day is None:
        return Trail()
    month = trail_of(Period(day.replace(day=1), day))
    return replace(month, heading=f"?on={day}")


def day_of(request: HttpRequest) -> date | None:
    """The day in the address; None: now."""
    form = DayForm(request.GET)
    form.is_valid()
    day: date | None = form.cleaned_data.get("on")
    return day if day and is_within_reach(day) else None


def currency_of(request: HttpRequest) -> str:
    asked = request.GET.get("currency", BOLIVAR)
    return asked if asked in CURRENCIES else BOLIVAR


def by_of(request: HttpRequest) -> By:
    return By.EFFECTIVE if request.GET.get("by") == By.EFFECTIVE else By.BOOKED


def place_of(request: HttpRequest, period: Period) -> Place | None:
    """Where the page before ended, if it is one of this period."""
    try:
        place = Place.read(request.GET.get("after", ""))
    except ValueError:
        return None
    return place if period.first <= place.day <= period.last else None


def reached_of(request: HttpRequest) -> Reached | None:
    """Where the page of a heading before ended."""
    try:
        return Reached.read(request.GET.get("after", ""))
    except ValueError:
        return None


def life_of(account: UUID) -> Period:
    """All the days on which anything was booked or takes effect on the account."""
    return Period(*days_of([account], today=today()))


def shortcuts(whole: Period) -> list[tuple[str | Promise, Period]]:
    """Periods a bookkeeper asks for with one click; the last has all there is."""
    day = today()
    year = Period(day.replace(month=1, day=1), day.replace(month=12, day=31))
    return [
        (_("This month"), month_of(day)),
        (_("Last month"), month_before(day)),
        (_("This year"), year),
        (_("Everything"), whole),
    ]
