"""Webhooks outside: never a secret but in the answer that makes one."""

from typing import Any

from rest_framework import serializers

from areamedica.api.schema import example
from areamedica.api.serializing import Ready
from notifications.catalogue import CHOSEN
from notifications.lines import LONGEST_URL
from notifications.models import Endpoint

_LARGEST_PAGE = 200


class WebhookOut(Ready):
    id = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    is_enabled = serializers.BooleanField()
    disabled_why = serializers.ChoiceField(
        choices=Endpoint.Why.choices, allow_blank=True
    )
    failing_since = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class IssuedOut(WebhookOut):
    """`secret` is shown this once; a replayed answer has null, so rotate then."""

    secret = serializers.CharField(allow_null=True)


class WebhooksOut(Ready):
    items = WebhookOut(many=True)


_EVENT_TYPES = [each.value for each in CHOSEN]


@example(
    {
        "name": "HIS",
        "url": "https://his.example.com/areamedica",
        "event_types": ["transaction.completed", "transaction.canceled"],
    }
)
class WebhookBody(serializers.Serializer):
    name = serializers.CharField(min_length=2, max_length=100)
    url = serializers.CharField(max_length=LONGEST_URL)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=_EVENT_TYPES), min_length=1
    )


@example({"is_enabled": False})
class WebhookChange(WebhookBody):
    """What is left out stays as it is."""

    name = serializers.CharField(min_length=2, max_length=100, required=False)
    url = serializers.CharField(max_length=LONGEST_URL, required=False)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=_EVENT_TYPES),
        min_length=1,
        required=False,
    )
    is_enabled = serializers.BooleanField(required=False)


class DeliveryOut(Ready):
    id = serializers.IntegerField()
    event_id = serializers.CharField()
    sequence = serializers.IntegerField(source="leaf", allow_null=True)
    type = serializers.CharField()
    subject_id = serializers.CharField()
    attempts = serializers.IntegerField()
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    dead_at = serializers.DateTimeField(allow_null=True)


class DeliveriesOut(Ready):
    items = DeliveryOut(many=True)
    next_before = serializers.IntegerField(allow_null=True)


class DeliveriesQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        min_value=1, max_value=_LARGEST_PAGE, default=50, help_text="rows of a page"
    )
    before = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="`next_before`"
    )
    state = serializers.ChoiceField(
        choices=["waiting", "delivered", "dead"], required=False
    )


class ReplayedOut(Ready):
    replayed = serializers.IntegerField()
