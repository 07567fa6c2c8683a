"""Fields that put what is typed into normal form, or say what is wrong with it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from areamedica.api.fields import StrictCharField
from areamedica.clock import caracas_day
from banking.institutions import is_known
from transactions import formats


class Normal(StrictCharField):
    """A text with a normal form; `normalise` raises ValueError for the rest."""

    def __init__(
        self,
        *,
        normalise: Callable[[str], str],
        complaint: str,
        **options: Any,
    ) -> None:
        super().__init__(trim_whitespace=False, **options)
        self.normalise = normalise
        self.complaint = complaint

    def to_internal_value(self, data: object) -> str:
        text = super().to_internal_value(data)
        if text == "":
            return ""
        try:
            return self.normalise(text)
        except ValueError as error:
            raise serializers.ValidationError(_(self.complaint)) from error


def known_bank(code: str) -> str:
    """A SUDEBAN code; ValueError otherwise."""
    if not is_known(code):
        raise ValueError(code)
    return code


NAME = gettext_noop("Letters of one alphabet, spaces, apostrophe, hyphen and dot.")
PHONE = gettext_noop("A mobile phone: 04XXXXXXXXX or 584XXXXXXXXX.")
DOCUMENT = gettext_noop("V or E and 4 to 9 digits; J, G, P or C and 8 to 10.")
REFERENCE = gettext_noop("Digits only, 6 to 20.")
BANK = gettext_noop("A four-digit bank code, such as 0134.")


def name_field(**options: Any) -> Normal:
    return Normal(
        normalise=formats.normal_name, complaint=NAME, max_length=255, **options
    )


def phone_field(**options: Any) -> Normal:
    return Normal(
        normalise=formats.normal_phone, complaint=PHONE, max_length=20, **options
    )


def document_field(**options: Any) -> Normal:
    return Normal(
        normalise=formats.normal_document, complaint=DOCUMENT, max_length=20, **options
    )


def reference_field(**options: Any) -> Normal:
    return Normal(
        normalise=formats.normal_reference,
        complaint=REFERENCE,
        max_length=40,
        **options,
    )


def bank_field(**options: Any) -> Normal:
    return Normal(normalise=known_bank, complaint=BANK, max_length=8, **options)


class PastDayField(serializers.DateField):
    """A Caracas day that has begun: `YYYY-MM-DD`."""

    default_error_messages = {
        "future": _("This day has not come yet."),
        "ancient": _("This day is too long ago."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def to_internal_value(self, value: object) -> date:
        if not isinstance(value, str) or len(value) != 10:
            self.fail("invalid", format="YYYY-MM-DD")
        day: date = super().to_internal_value(value)
        if day > caracas_day(timezone.now()):
            self.fail("future")
        if day < formats.OLDEST_DAY:
            self.fail("ancient")
        return day


@extend_schema_field(
    {
        "type": ["object", "null"],
        "description": "the matched row, in the bank's own field names",
        "properties": {
            "referenceNumber": {"type": "string"},
            "amount": {"type": ["number", "string"]},
            "trnDate": {"type": "string", "format": "date"},
            "trnTime": {"type": "string", "pattern": r"^\d{2}:\d{2}:\d{2}$"},
        },
        "example": {
            "referenceNumber": "000000417728",
            "amount": 1234.56,
            "trnDate": "2026-11-22",
            "trnType": "CR",
        },
    }
)
class BankRowField(serializers.JSONField):
    """A row of the bank, or null while it has shown none."""


@extend_schema_field({"type": "array", "items": {"type": "object"}})
class ComparisonField(serializers.JSONField):
    """The compared facts: what was claimed, what the bank shows, whether equal."""
