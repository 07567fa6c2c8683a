"""A receiver on loopback, and a webhook that leads there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.models import User
from notifications.catalogue import CHOSEN
from notifications.services import endpoints
from tests.notifications.receiver import Receiver, started


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with started() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _loopback_is_ours(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def webhook(root: User, receiver: Receiver) -> endpoints.Issued:
    """Told of everything."""
    return subscribe(root, receiver.url)


def subscribe(actor: User, url: str, *types: str) -> endpoints.Issued:
    return endpoints.create(
        actor=actor, name="HIS", url=url, event_types=types or [*CHOSEN]
    )


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the total time of a delivery be shorter."""

    def hurry(seconds: float) -> None:
        monkeypatch.setattr("notifications.lines.TOTAL_SECONDS", seconds)

    return hurry
