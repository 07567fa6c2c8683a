"""Caracas days: UTC−4 and no summer time, but −4:30 from 2007 to 2016."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from areamedica.errors import DayOutOfReach

CARACAS = ZoneInfo("America/Caracas")


def caracas_day(moment: datetime) -> date:
    """The day it is in Caracas at `moment`."""
    return moment.astimezone(CARACAS).date()


def is_within_reach(day: date) -> bool:
    """Whether it lies from 2000 to 2100: another is a slip of the hand, and near the
    ends of the calendar there is no day before or after."""
    return 2000 <= day.year <= 2100


def demand_within_reach(day: date) -> None:
    """For the fields of forms and serializers. :raises ValidationError:"""
    if not is_within_reach(day):
        raise ValidationError(DayOutOfReach.sentence)


def last_of_month(day: date) -> date:
    """The last day of the month that a day lies in."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def start_of(day: date) -> datetime:
    """The first instant of a Caracas day."""
    return datetime.combine(day, time.min, tzinfo=CARACAS)


def end_of(day: date) -> datetime:
    """The first instant after a Caracas day."""
    return start_of(day + timedelta(days=1))
