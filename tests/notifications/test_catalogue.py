"""What may be told, against the paper that promises it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import translation

from audit.actions import Action
from audit.consumers import Event
from notifications.catalogue import ACTIONS, EventType, News, news_of
from transactions.states import State

pytestmark = [pytest.mark.unit]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
FACTS: dict[str, dict[str, object]] = {
    Action.TRANSACTION_RECORDED: {"type": "TRANSFER", "amount": "1", "currency": "VES"},
    Action.TRANSACTION_CHANGED: {"changed": ["amount"]},
    Action.TRANSACTION_MOVED: {
        "was": "IN_PROGRESS",
        "reason": "MATCHED",
        "amount": "1",
        "currency": "VES",
        "credit": "kept to ourselves",
    },
    Action.TRANSACTION_DELETED: {},
    Action.ACCOUNT_FROZEN: {"reason": "kept to ourselves"},
    Action.ACCOUNT_RELEASED: {"reason": "kept to ourselves"},
}


def news(action: str, **facts: object) -> News | None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    told = {**FACTS[action], **facts}
    return news_of(Event(7, "ab", action, at, "transaction", "x", told))


def every_news() -> dict[str, str]:
    made = [news(action) for action in ACTIONS if action != Action.TRANSACTION_MOVED]
    made += [news(Action.TRANSACTION_MOVED, became=state) for state in State.values]
    return {each.type: each.body for each in made if each}


def test_every_state_and_action_has_its_news() -> None:
    assert set(every_news()) == set(EventType) - {EventType.TEST}
    assert set(FACTS) == {action.value for action in ACTIONS}


def test_the_page_lists_each_type_with_what_it_says() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \| (.*)\|$", PAGE.read_text(), re.M)
    with translation.override("en"):
        assert {kind: says for kind, says, _ in rows} == {
            each.value: str(each.label) for each in EventType
        }
    bodies = every_news()
    for kind, _, fields in rows:
        if kind != EventType.TEST:
            data = re.findall(r'"(\w+)":', bodies[kind].partition('"data":')[2])
            promised = set(re.findall(r"`(\w+)`", fields)) | {"id", "sequence"}
            assert set(data) - {"timestamp", "type"} == promised - {"type"}, kind


def test_what_is_not_named_is_not_told() -> None:
    assert "ourselves" not in "".join(every_news().values())


def test_the_programs_of_the_page_verifies_what_we_sign() -> None:
    """The receiver of docs/webhooks.md, run as it stands there."""
    from standardwebhooks import Webhook

    secret = "whsec_" + "QUJD" * 8
    seen: set[str] = set()
    queue: list[object] = []

    def remember(event_id: str) -> bool:
        is_new = event_id not in seen
        seen.add(event_id)
        return is_new

    (program,) = re.findall(r"```python\n(.+?)```", PAGE.read_text(), re.S)
    room = {"SECRET": secret, "remember": remember, "enqueue": queue.append}
    exec(program, room)  # (our own paper)
    receive = room["receive"]
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "e1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("e1", now, '{"a":1}'),
    }
    answers = [receive(headers, b'{"a":1}') for _ in range(2)]  # type: ignore[operator]
    assert (answers, queue) == ([200, 200], [{"a": 1}])
    assert receive(headers, b'{"a":2}') == 401  # type: ignore[operator]
