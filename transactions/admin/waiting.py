"""How much waits for a person: the badge every page of a reviewer shows."""

from django.http import HttpRequest

from transactions.models import Transaction

_REMEMBERED = "_transactions_in_review"


def how_many_wait(request: HttpRequest) -> int:
    """The length of the review queue, counted once per request."""
    if not hasattr(request, _REMEMBERED):
        setattr(request, _REMEMBERED, Transaction.objects.in_review().count())
    return int(getattr(request, _REMEMBERED))
