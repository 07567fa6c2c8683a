"""The books by themselves."""

from collections.abc import Iterator

import pytest

from tests.journaled import unheard


@pytest.fixture
def books_alone(db: None) -> Iterator[None]:
    """Posting and no more: in the house, whoever has something posted tells of it."""
    with unheard(
        "ledger_account",
        "ledger_balance",
        "ledger_transfer",
        "ledger_hold",
        "ledger_holdend",
    ):
        yield
