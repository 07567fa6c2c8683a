"""How money, moments and phones are written for people here."""

from datetime import date, datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from areamedica.clock import CARACAS, caracas_day
from areamedica.money import BOLIVAR, as_written_here

register = template.Library()


@register.filter
def money(amount: Decimal | str | None, currency: str = BOLIVAR) -> str:
    """`1234.5` to `Bs. 1.234,50`; a dash for nothing."""
    if amount in (None, ""):
        return "—"
    sign = "Bs." if currency == BOLIVAR else currency
    return f"{sign} {as_written_here(Decimal(str(amount)))}"


@register.filter
def plain(amount: Decimal | None) -> str:
    """`1234.5` to `1.234,50`, in a column that names its currency; nothing for zero."""
    return as_written_here(amount) if amount else ""


def age(moment: datetime, now: datetime) -> str:
    """`12 min`, `3 h`, `2 d`: how long ago, in one word."""
    minutes = max(0, int((now - moment).total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)d min", "%(n)d min", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)d h", "%(n)d h", minutes // 60) % {"n": minutes // 60}
    days = minutes // (24 * 60)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def clock_time(moment: datetime, now: datetime) -> str:
    """`14:05` today, `21/11 14:05` this year, `21/11/25 14:05` before; Caracas time."""
    local = moment.astimezone(CARACAS)
    if caracas_day(moment) == caracas_day(now):
        return local.strftime("%H:%M")
    if caracas_day(moment).year == caracas_day(now).year:
        return local.strftime("%d/%m %H:%M")
    return local.strftime("%d/%m/%y %H:%M")


def _element(moment: datetime, words: str) -> SafeString:
    full = moment.astimezone(CARACAS).strftime("%d/%m/%Y %H:%M:%S")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, words
    )


@register.filter
def ago(moment: datetime | None) -> str:
    """`12 min ago`, the exact time as its tooltip."""
    if moment is None:
        return "—"
    words = age(moment, timezone.now())
    return _element(moment, _("%(age)s ago") % {"age": words})


@register.filter
def at(moment: datetime | None) -> str:
    """The short Caracas time, the full one as its tooltip."""
    return (
        "—" if moment is None else _element(moment, clock_time(moment, timezone.now()))
    )


@register.filter
def in_full(moment: datetime) -> SafeString:
    """`22/11/2026 14:05`, Caracas time: beside another day, and on paper, where
    nobody knows what today was."""
    words = moment.astimezone(CARACAS).strftime("%d/%m/%Y %H:%M")
    return _element(moment, words)


@register.filter
def day(value: date | str | None) -> str:
    """`22/11/2026`, also from ISO text; a dash for nothing."""
    if not value:
        return "—"
    read = date.fromisoformat(value) if isinstance(value, str) else value
    return read.strftime("%d/%m/%Y")


@register.filter
def patient(name: str) -> str:
    """The name; where it was erased, that it was."""
    return name or _("Data erased")


@register.filter
def phone(number: str, dash: str = "—") -> str:
    """`584141234567` to `0414-1234567`; `dash` for nothing."""
    if not number:
        return dash
    return f"0{number[2:5]}-{number[5:]}" if number.startswith("58") else number


@register.filter
def document(number: str) -> str:
    """`V12345678` to `V-12.345.678`."""
    if not number:
        return "—"
    digits = number[1:]
    return (
        f"{number[0]}-{int(digits):,}".replace(",", ".") if digits.isdigit() else number
    )


@register.filter
def tail(reference: str) -> SafeString:
    """`…123456`: the digits people read aloud, never broken over two lines."""
    dots = "…" if len(reference) > 6 else ""
    return format_html('<span class="am-tail">{}{}</span>', dots, reference[-6:])


# How long a patient may wait for a decision before the colour says so, in minutes.
_SOON, _LATE = 30, 120


@register.filter
def urgency(moment: datetime) -> str:
    """`fresh`, `aging` or `late`, for the colour and the icon of a wait."""
    minutes = (timezone.now() - moment).total_seconds() / 60
    return "fresh" if minutes < _SOON else "aging" if minutes < _LATE else "late"
