"""Caracas days: UTC−4 and no summer time, but −4:30 from 2007 to 2016."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CARACAS = ZoneInfo("America/Caracas")


def caracas_day(moment: datetime) -> date:
    """The day it is in Caracas at `moment`."""
    return moment.astimezone(CARACAS).date()


def start_of(day: date) -> datetime:
    """The first instant of a Caracas day."""
    return datetime.combine(day, time.min, tzinfo=CARACAS)


def end_of(day: date) -> datetime:
    """The first instant after a Caracas day."""
    return start_of(day + timedelta(days=1))
