"""`make demo`, as a newcomer lives with it: start, mishaps, stop, start again, reset.

One story on one copy of the project; yet each test brings about what it needs.
"""

import os
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import requests

from areamedica.devstack.demo import PEOPLE
from tests.e2e.demo import PASSWORD, Demo, a_copy, until

pytestmark = [pytest.mark.e2e]

EVERYBODY = {"postgres", "valkey", "bank", "web", "worker", "beat", "witness"}


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with a_copy() as demo:
        yield demo


@pytest.fixture(scope="module")
def first_start(demo: Demo) -> None:
    demo.start()


@pytest.fixture
def running(demo: Demo, first_start: None) -> Demo:
    if not demo.is_up():
        demo.start()
    return demo


def test_the_first_start_brings_everybody_up(running: Demo) -> None:
    state = running.state()
    assert set(state["processes"]) == EVERYBODY
    for known in state["processes"].values():
        assert known["pid"]
        assert os.path.exists(known["log"])
    for name in ("admin", "docs", "health", "sandbox"):
        assert requests.get(state["urls"][name], timeout=30).status_code == 200, name


def test_it_prints_where_to_go_and_who_may_sign_in(running: Demo) -> None:
    said = running.said()
    assert f"{running.address}/admin/" in said
    assert PASSWORD in said
    for name in PEOPLE:
        assert f"{name}@demo.areamedica.test" in said
        running.sign_in(name)


def test_a_small_believable_clinic_is_there(running: Demo) -> None:
    totals = {
        state: running.sign_in("auditor")
        .get(f"/transactions?status={state}")
        .json()["total"]
        for state in ("IN_PROGRESS", "UNKNOWN", "TO_REVIEW", "COMPLETED", "CANCELED")
    }
    assert all(totals.values()), totals
    assert sum(totals.values()) >= 100


def test_whoever_serves_owns_nothing(running: Demo) -> None:
    """What the web server, worker and beat were told, not what prepared the tables."""
    for name in ("web", "worker", "beat"):
        url = running.told(name)["DATABASE_URL"]
        assert "OWNER_DATABASE_URL" not in running.told(name)
        with psycopg.connect(url) as line:
            assert line.execute("SELECT count(*) > 100 FROM audit_record").fetchone()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                line.execute("UPDATE ledger_balance SET amount = 0")
    said = running.manage("check", "--database", "default", "--fail-level", "WARNING")
    assert "no issues" in said


@pytest.mark.parametrize(
    "name", ["worker", "beat", "web", "bank", "valkey", "postgres"]
)
def test_what_is_killed_is_started_again(running: Demo, name: str) -> None:
    before = running.pid_of(name)
    restarts = running.state()["processes"][name]["restarts"]
    os.kill(before, signal.SIGKILL)
    until(lambda: running.pid_of(name) not in (0, before), f"another {name}", 30)
    assert running.state()["processes"][name]["restarts"] == restarts + 1
    until(running.is_serving, "the web server answers", 60)


def test_a_second_demo_in_the_same_place_is_refused(running: Demo) -> None:
    assert f"{running.address}/admin/" in running.run("up")
    assert running.is_serving()


def test_stopping_leaves_no_process_behind(running: Demo) -> None:
    pids = [running.pid_of(name) for name in EVERYBODY]
    running.press_ctrl_c()
    assert running.state()["status"] == "stopped"
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []
    assert running.orphans() == []


@pytest.mark.usefixtures("first_start")
def test_a_second_start_keeps_the_data_and_prepares_nothing_anew(demo: Demo) -> None:
    demo.press_ctrl_c()
    log = demo.folder / ".demo" / "logs" / "prepare.log"
    before = log.read_text()
    demo.start()
    said = log.read_text().removeprefix(before)
    assert "No migrations to apply." in said
    assert "The clinic is there already." in said
    totals: dict[str, Any] = demo.sign_in("auditor").get("/transactions").json()
    assert totals["total"] >= 100


def test_killed_without_a_word_it_still_takes_everybody_along(running: Demo) -> None:
    running.kill()
    until(lambda: running.orphans() == [], "all of them have gone", 20)


@pytest.mark.usefixtures("first_start")
def test_reset_empties_it(demo: Demo) -> None:
    demo.run("reset")
    assert not (demo.folder / ".demo").exists()
    assert demo.orphans() == []
