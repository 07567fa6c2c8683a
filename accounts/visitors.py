"""Who stands at the door: of the back office or of the API."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import User


def actor_of(request: HttpRequest | Request) -> User:
    """The signed-in person; only behind a check that lets nobody else in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 (a bug, not a refusal)
    return user
