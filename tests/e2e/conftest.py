"""One demo for all who walk through it, its staff, and a claim that has to wait."""

from collections.abc import Iterator

import pytest

from tests.e2e.claims import Late, arrives, mobile, record
from tests.e2e.demo import Demo, Person, a_copy


@pytest.fixture(scope="package")
def demo() -> Iterator[Demo]:
    with a_copy() as demo:
        demo.start()
        yield demo


@pytest.fixture(scope="package")
def cashier(demo: Demo) -> Person:
    return demo.sign_in("cashier")


@pytest.fixture(scope="package")
def reviewer(demo: Demo) -> Person:
    return demo.sign_in("reviewer")


@pytest.fixture(scope="package")
def auditor(demo: Demo) -> Person:
    return demo.sign_in("auditor")


@pytest.fixture(scope="package", autouse=True)
def late(demo: Demo, cashier: Person) -> Late:
    """Recorded before anything else, so that the others walk while it waits."""
    body = mobile()
    arrives(demo, body, visible_after_seconds=40)
    answer = record(cashier, body)
    assert answer.status_code == 201
    assert answer.json()["status"] == "IN_PROGRESS"
    assert answer.json()["status_reason"] == "NOT_SEEN_YET"
    return Late(answer.json()["id"])
