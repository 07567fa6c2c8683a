"""Fields that every room's bodies may have."""

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from areamedica.clock import demand_within_reach
from areamedica.money import UnreadableAmount, parse_amount


class StrictCharField(serializers.CharField):
    """Text that came as text: DRF's own would turn a number into one."""

    default_error_messages = {"invalid": _("Send text in quotes.")}

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class DayField(serializers.DateField):
    """A Caracas day that somebody may mean."""

    default_validators = [demand_within_reach]


class MomentField(serializers.DateTimeField):
    """A moment. Beside the ends of the calendar DRF's own refuses only what names its
    time zone; what would overflow in ours rose through it."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            return super().enforce_timezone(value)
        except OverflowError:
            self.fail("overflow")


@extend_schema_field(
    {"type": "string", "pattern": r"^\d+(\.\d{1,2})?$", "example": "1234.56"}
)
class AmountField(serializers.Field):
    """`"1234.56"`; a JSON number is refused (api.md)."""

    def to_internal_value(self, data: object) -> Decimal:
        try:
            return parse_amount(data)
        except UnreadableAmount as error:
            raise serializers.ValidationError(error.message) from error

    def to_representation(self, value: Decimal) -> str:
        return f"{value:.2f}"
