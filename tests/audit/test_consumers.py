"""Following the sealed journal: exactly once, in order, whatever dies in between."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import F
from django.db.transaction import atomic

from accounts.models import Letter, User
from audit import consumers
from audit.actions import Action
from audit.consumers import Event, consume, dead_letters, follow, replay
from audit.errors import EventNotHeld
from audit.figures import following
from audit.models import Consumer, HeldEvent, Record
from audit.services import record
from tests.audit.sealed import seal_all
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

ROOT = Path(__file__).resolve().parents[2]


def write(*subjects: str, action: Action = Action.EXPORTED) -> None:
    """One sealed record about each subject."""
    with atomic():
        for subject in subjects:
            record(action, actor_id=None, subject=("thing", subject))
    seal_all()


def digested() -> list[str]:
    """The leaves an effect was had of, in the order of the effects."""
    return list(Letter.objects.order_by("due_at", "pk").values_list("language", flat=1))


class Stomach:
    """An effect that fails on some leaves."""

    def __init__(self) -> None:
        self.sick_of: set[int] = set()

    def __call__(self, event: Event) -> None:
        Letter.objects.create(kind="verify", language=str(event.number))
        if event.number in self.sick_of:
            raise ZeroDivisionError("of somebody by name")


@pytest.fixture
def stomach() -> Iterator[Stomach]:
    made = Stomach()
    follow("test", [Action.EXPORTED], made)
    yield made
    del consumers._FOLLOWERS["test"]


def come_due() -> None:
    """Let every wait of a held event be over."""
    HeldEvent.objects.update(due_at=F("held_at"))


def give_up_on_it() -> None:
    for _ in range(HeldEvent.MOST_ATTEMPTS):
        consume("test")
        come_due()


def test_each_record_has_its_effect_once_and_only_what_is_wanted(
    stomach: Stomach,
) -> None:
    write("a", "b")
    write("c", action=Action.SIGNED_OUT)
    write("d")
    assert (consume("test"), consume("test")) == (4, 0)
    assert sorted(digested()) == ["0", "1", "3"]
    write("a")
    assert consume("test") == 1
    assert sorted(digested()) == ["0", "1", "3", "4"]


def test_an_event_says_what_was_recorded(stomach: Stomach) -> None:
    seen: list[Event] = []
    follow("test", [Action.EXPORTED], seen.append)
    facts: dict[str, object] = {"ids": ["é", 1, None]}
    record(Action.EXPORTED, actor_id=None, subject=("thing", "7"), facts=facts)
    record(Action.EXPORTED, actor_id=None, facts={"long": "x" * 70_000})
    seal_all()
    consume("test")
    first, second = seen
    assert (first.number, first.subject_type, first.subject_id) == (0, "thing", "7")
    assert first.facts == facts
    assert first.at == Record.objects.earliest("pk").at
    assert len(first.hash) == 64
    assert second.facts == {}


def test_what_is_not_sealed_yet_is_not_there_yet(stomach: Stomach) -> None:
    record(Action.EXPORTED, actor_id=None)
    assert consume("test") == 0
    seal_all()
    assert consume("test") == 1


def test_two_at_once_share_the_work(stomach: Stomach) -> None:
    write(*map(str, range(300)))
    passed = together(*[lambda: consume("test")] * 4)
    assert sum(passed) == 300
    assert sorted(map(int, digested())) == list(range(300))


@pytest.fixture
def process() -> Callable[[int], int]:
    """Run a consumer in a process that dies at this leaf; its exit code."""
    given = connection.settings_dict
    port, host = given["PORT"], given["HOST"]
    address = f"{given['USER']}:{given['PASSWORD']}@{host}:{port}/{given['NAME']}"

    def run(leaf: int) -> int:
        command = [sys.executable, "-m", "tests.audit.follower", str(leaf)]
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://{address}",
            "DJANGO_SETTINGS_MODULE": "areamedica.settings.test",
        }
        return subprocess.run(command, cwd=ROOT, env=environment).returncode

    return run


def test_killed_after_the_effect_and_before_the_commit_leaves_neither(
    process: Callable[[int], int],
) -> None:
    write("a", "b", "c")
    assert process(1) == -9
    assert digested() == []
    assert Consumer.objects.get().position == 0
    assert process(99) == 0
    assert sorted(digested()) == ["0", "1", "2"]


def test_what_kills_every_process_is_set_aside(process: Callable[[int], int]) -> None:
    """Each try after the first takes one leaf alone, so the poison is found."""
    write("a", "b", "c")
    # As after four deaths, the first with all three in hand.
    Consumer.objects.create(name="test", position=1, tries=4)
    assert process(1) == -9
    assert process(1) == 0
    assert sorted(digested()) == ["2"]
    assert HeldEvent.objects.get().last_error == "ProcessDied"


def test_poison_waits_aside_and_the_others_go_on(stomach: Stomach) -> None:
    stomach.sick_of = {1}
    write("a", "b", "a", "b", "c", "")
    consume("test")
    assert sorted(digested()) == ["0", "2", "4", "5"]
    held = list(HeldEvent.objects.values_list("leaf", "attempts", "last_error"))
    # The later one of the same subject waits behind it, untried.
    assert held == [(1, 1, "ZeroDivisionError"), (3, 0, "")]
    assert following() == {
        "journal_consumer_lag": ("Leaves the slowest consumer has yet to read", 0),
        "journal_events_held": ("Events a consumer could not digest", 2),
        "journal_dead_letters": ("Of these, given up", 0),
    }


def test_what_heals_by_itself_follows_in_its_order(stomach: Stomach) -> None:
    stomach.sick_of = {1}
    write("a", "b", "b", "b")
    consume("test")
    consume("test")
    assert digested() == ["0"]
    stomach.sick_of = set()
    come_due()
    consume("test")
    assert digested() == ["0", "1", "2", "3"]
    assert not HeldEvent.objects.exists()


def test_a_dead_letter_is_tried_no_more_until_a_person_says_so(
    stomach: Stomach, root: User
) -> None:
    stomach.sick_of = {0}
    write("a", "a", "b")
    give_up_on_it()
    dead = dead_letters().get()
    assert (dead.leaf, dead.attempts) == (0, HeldEvent.MOST_ATTEMPTS)
    stomach.sick_of = set()
    consume("test")
    assert digested() == ["2"]
    replay(held_id=dead.pk, actor_id=root.pk)
    with pytest.raises(EventNotHeld):
        replay(held_id=dead.pk, actor_id=root.pk)
    consume("test")
    assert digested() == ["2", "0", "1"]
    noted = Record.objects.get(action="audit.event_replayed")
    assert (noted.actor_id, noted.subject_id) == (root.pk, "a")
    assert noted.facts == '{"consumer":"test","leaf":0}'


def test_two_that_try_again_at_once_have_the_effect_once(stomach: Stomach) -> None:
    stomach.sick_of = {0}
    write("a", "a")
    consume("test")
    stomach.sick_of = set()
    come_due()
    together(*[lambda: consume("test")] * 4)
    consume("test")
    assert digested() == ["0", "1"]
