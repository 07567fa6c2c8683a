"""The storms' own fixtures: the books, and houses full of real processes."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from areamedica import doorbell
from tests.bank import Bank
from tests.storms import books
from tests.storms.house import CeleryProcess, House, last_words


def ask_our_database(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture
def all_is_well(transactional_db: None) -> Callable[[], None]:
    """Check the books of the tests' own database."""

    def check() -> None:
        assert books.wrongs(ask_our_database) == {}

    return check


@pytest.fixture(scope="package")
def _house(django_db_setup: None, _bank_process: Bank) -> Iterator[House]:
    given = urlsplit(os.environ["DATABASE_URL"])
    ours = given._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    house = House(database_url=ours, bank=_bank_process)
    yield house
    house.close()


@pytest.fixture
def house(
    _house: House,
    transactional_db: None,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    """Real processes on the tests' own database; what the test rings is heard there.

    The workers stay for the next test: to start one costs more than most tests.
    """
    monkeypatch.setattr(doorbell, "current_app", _house.bell)
    yield _house
    # Out of the house with them first, or every later test would find them dead.
    dead = [each for each in _house.processes if not each.is_running()]
    _house.stop(*dead)
    for process in _house.processes:
        _house.wake(process)
    _house.stop(*[each for each in _house.processes if each.name not in LASTING])
    _house.calm_down()
    assert not dead, "\n".join(map(last_words, dead))


LASTING = ("survivor", "second", "victim")


def _lasting(name: str, **options: Any) -> Any:
    @pytest.fixture(name=name)
    def lasting(house: House) -> CeleryProcess:
        found = house.called(name)
        return found or house.worker(name, **options)

    return lasting


# The worker nobody hurts, and another; both listen at the common queue.
survivor = _lasting("survivor")
second = _lasting("second")
# The worker that comes to harm hears only what is meant for it.
victim = _lasting("victim", queue="victim")
