"""Who stands in the back office."""

from django.http import HttpRequest

from accounts.models import User


def actor_of(request: HttpRequest) -> User:
    """The signed-in person; only behind `admin_view`, which lets nobody else in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 (a bug, not a refusal)
    return user
