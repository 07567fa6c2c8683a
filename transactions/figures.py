"""Figures for those who watch: how many, how old, how late."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, F, Min
from django.db.models.functions import Now

from accounts.models import RefreshToken
from transactions.models import Inquiry, Transaction


def by_status_and_bank() -> list[tuple[str, str, int]]:
    """(status, the seed's bank, number) of what nobody deleted."""
    rows = Transaction.objects.present().order_by()
    counted = rows.values_list("status", "bank").annotate(number=Count("pk"))
    return [(status, bank, number) for status, bank, number in counted]


def _age(oldest: datetime | None) -> float:
    if oldest is None:
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - %s)", [oldest])
        return float(cursor.fetchone()[0])


def queues() -> dict[str, tuple[str, float]]:
    """Name of the figure -> (what it says, its value); ages in seconds."""
    due = Inquiry.objects.due()
    late = due.aggregate(oldest=Min("due_at"), number=Count("pk"))
    review = Transaction.objects.present().filter(status="TO_REVIEW").order_by()
    waiting = review.aggregate(oldest=Min("created_at"), number=Count("pk"))
    active = RefreshToken.objects.filter(issued_at__gt=Now() - timedelta(minutes=30))
    users = active.values(who=F("family__user")).distinct().count()
    return {
        "inquiry_queue_due": ("Inquiries whose hour has come", late["number"]),
        "inquiry_queue_age_seconds": ("How late the latest is", _age(late["oldest"])),
        "inquiry_dead_letters": ("Given up", Inquiry.objects.dead().count()),
        "review_queue": ("Waiting for a person", waiting["number"]),
        "review_queue_age_seconds": ("Age of the oldest", _age(waiting["oldest"])),
        "active_users": ("Users with a token of the last half hour", users),
    }
