"""From the sealed journal to deliveries: one row for each endpoint that wants it."""

from django.db.models.functions import Now

from audit.consumers import Event, follow
from notifications.catalogue import ACTIONS, news_of
from notifications.models import Delivery, Endpoint
from notifications.schedule import GIVEN_UP_AFTER

CONSUMER = "webhooks"


def tell(event: Event) -> None:
    """Write down who is to be told of a record; in the consumer's transaction.

    An endpoint is told of what happened after it was made and while it is enabled.
    """
    news = news_of(event)
    if news is None:
        return
    listening = Endpoint.objects.filter(
        disabled_why="",
        event_types__contains=[news.type],
        created_at__lte=event.at,
    )
    Delivery.objects.bulk_create(
        Delivery(
            endpoint_id=endpoint_id,
            leaf=event.number,
            event_id=event.hash,
            type=news.type,
            subject_id=event.subject_id,
            body=news.body,
            give_up_at=Now() + GIVEN_UP_AFTER,
        )
        for endpoint_id in listening.values_list("pk", flat=True)
    )


follow(CONSUMER, ACTIONS, tell)
