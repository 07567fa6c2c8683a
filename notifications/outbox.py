"""Rings for deliveries after a commit; beat rings again for whatever was missed."""

from functools import partial

from django.db.transaction import on_commit

from areamedica import doorbell


def ring_soon() -> None:
    """Once the open database transaction commits, have a worker send what is due."""
    on_commit(partial(doorbell.ring, "notifications.send"))
