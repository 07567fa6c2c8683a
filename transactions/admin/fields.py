"""Fields as people here fill them in: days, amounts, references, phones."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from areamedica.clock import caracas_day
from banking.institutions import payer_banks
from transactions import formats
from transactions.admin.amounts import parse_typed

DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


def today() -> date:
    return caracas_day(timezone.now())


def banks() -> list[tuple[str, Any]]:
    return [("", _("Choose the bank")), *payer_banks()]


class DayField(forms.DateField):
    """A day that has begun in Caracas, chosen or typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            validators=[MinValueValidator(formats.OLDEST_DAY)],
            **options,
        )

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and day > today():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


class AmountField(forms.CharField):
    """`1.234,56` or `1234.56`; empty for none."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "placeholder": "0,00"}
        super().__init__(
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs=attrs),
            **options,
        )

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return parse_typed(typed) if typed else None


class ReferenceField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, widget=forms.TextInput(attrs=DIGITS), **options)

    def clean(self, value: Any) -> str:
        typed = "".join(super().clean(value).split())
        try:
            return formats.normal_reference(typed) if typed else ""
        except ValueError as error:
            raise forms.ValidationError(_("Digits only, 6 to 20.")) from error


def whole_phone(prefix: str, number: str) -> str:
    """Seven digits behind a prefix, or a whole number pasted; empty for none.

    :raises ValidationError: neither.
    """
    digits = "".join(sign for sign in number if sign not in " .-+()")
    if not digits:
        return ""
    try:
        return formats.normal_phone(prefix + digits if len(digits) == 7 else digits)
    except ValueError as error:
        raise forms.ValidationError(_("Seven digits after the prefix.")) from error
