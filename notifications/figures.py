"""Figures for those who watch the webhooks."""

from django.db import connection

from notifications.models import Delivery, Endpoint

_AGE = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)
  FROM notifications_delivery WHERE delivered_at IS NULL AND dead_at IS NULL
"""


def figures() -> dict[str, tuple[str, float]]:
    """Name of the figure -> (what it says, its value); ages in seconds."""
    with connection.cursor() as cursor:
        cursor.execute(_AGE)
        number, seconds = cursor.fetchone()
    # Of a disabled webhook they are no news any more.
    dead = Delivery.objects.dead().filter(endpoint__disabled_why="")
    disabled = Endpoint.objects.exclude(disabled_why__in=["", Endpoint.Why.BY_HAND])
    return {
        "webhook_deliveries_waiting": ("Deliveries to be made", number),
        "webhook_delivery_age_seconds": ("Age of the oldest of them", float(seconds)),
        "webhook_dead_letters": ("Given up", dead.count()),
        "webhooks_disabled_by_us": ("Webhooks that failed too long", disabled.count()),
    }
