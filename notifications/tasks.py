"""What Celery runs for webhooks."""

from celery import shared_task

from audit.consumers import consume
from notifications import outbox
from notifications.services import news, sending


@shared_task(name="notifications.read_journal")
def read_journal() -> None:
    """Turn what was sealed into deliveries; beat calls it every second."""
    if consume(news.CONSUMER):
        outbox.ring_soon()


@shared_task(name="notifications.send")
def send() -> None:
    """Send whatever is due; rung after a commit, and by beat."""
    sending.send_due()


@shared_task(name="notifications.forget_old")
def forget_old() -> None:
    """Delete what was delivered or given up a month ago."""
    sending.forget_old()
