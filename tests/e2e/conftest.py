"""One demo for all who walk through it, and its staff."""

from collections.abc import Iterator

import pytest

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
