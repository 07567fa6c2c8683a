"""Fields of the bodies that move money, by the rules of `rows.py`."""

from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from areamedica.clock import caracas_day
from ledger.api.rows import (
    BadRow,
    account_named,
    demand_effective,
    key_named,
    read_metadata,
)
from ledger.formats import LONGEST_TEXT, MOST_METADATA

AN_ACCOUNT = "an account's id, or its code"


class KeyField(serializers.UUIDField):
    """A UUID as `rows.py` reads it; DRF's own takes `true` for one, and numbers."""

    def to_internal_value(self, data: object) -> UUID:
        try:
            return key_named({"": data}, "")
        except BadRow as bad:
            raise serializers.ValidationError(str(bad.why)) from bad


@extend_schema_field({"type": "string", "description": AN_ACCOUNT})
class AccountField(serializers.Field):
    """An account by its id or its code, whether there is one or not."""

    def to_internal_value(self, data: object) -> UUID:
        try:
            return account_named({"": data}, "")
        except BadRow as bad:
            raise serializers.ValidationError(str(bad.why)) from bad


class EffectiveField(serializers.DateField):
    """A Caracas day, at most seven days ahead."""

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        try:
            demand_effective(day, caracas_day(timezone.now()))
        except BadRow as bad:
            raise serializers.ValidationError(str(bad.why)) from bad
        return day


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MOST_METADATA,
        "additionalProperties": {"type": "string", "maxLength": LONGEST_TEXT},
    }
)
class MetadataField(serializers.Field):
    """Texts by name."""

    def to_internal_value(self, data: object) -> dict[str, object]:
        try:
            return read_metadata(data)
        except BadRow as bad:
            raise serializers.ValidationError(str(bad.why)) from bad
