"""Every door into the books, at every level at which a transaction may run.

Above READ COMMITTED a snapshot would be older than the locks: the month might be closed
by now, and the balance another one.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import InternalError, connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from ledger.models import Balance, Hold, HoldEnd, Transfer
from ledger.services.holds import hold, post_hold, void_hold
from ledger.services.posting import post, post_batch
from ledger.services.proof import findings
from ledger.services.reversal import reverse
from tests.ledger.books import FEES, TRANSIT, posting

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
    pytest.mark.as_application,
]


class Desk:
    """Who acts, and what was posted and is held by then."""

    def __init__(self, actor: User) -> None:
        self.given: dict[str, Any] = {"actor": actor, "now": timezone.now()}
        self.posted = posting(TRANSIT, FEES)
        post(self.posted)
        self.held = self.hold()

    def hold(self) -> UUID:
        later = self.given["now"] + timedelta(hours=1)
        one = posting(FEES, TRANSIT, "4.00")
        given = {"expires_at": later, "is_dated": True, **self.given}
        held, _ = hold(posting=one, **given)
        return held.key

    def reversal(self) -> Any:
        return posting(FEES, TRANSIT, reverses=self.posted.key)


DOORS: dict[str, Callable[[Desk], Any]] = {
    "one": lambda desk: post(posting(TRANSIT, FEES)),
    "batch": lambda desk: post_batch([posting(TRANSIT, FEES) for _ in range(2)]),
    "judged batch": lambda desk: post_batch([desk.reversal()]),
    "reserve": lambda desk: desk.hold(),
    "post a hold": lambda desk: post_hold(
        hold=desk.held, key=uuid4(), amount=None, **desk.given
    ),
    "void a hold": lambda desk: void_hold(
        hold=desk.held, reason="No vino", **desk.given
    ),
    "reverse": lambda desk: reverse(
        original=desk.posted.key, key=uuid4(), amount=None, reason="No", **desk.given
    ),
}


def _at(level: str, act: Callable[[], Any]) -> None:
    with atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        act()


def _written() -> Any:
    """Whatever any of them may write, the journal included."""
    kinds = (Transfer, Hold, HoldEnd, Record)
    balances = Balance.objects.order_by("pk").values_list("pk", "amount", "held", "seq")
    return [*(kind.objects.count() for kind in kinds), *balances]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_no_door_opens_above_read_committed(root: User, level: str, door: str) -> None:
    desk = Desk(root)
    before = _written()
    with pytest.raises(InternalError, match="READ COMMITTED only"):
        _at(level, lambda: DOORS[door](desk))
    assert _written() == before
    _at("READ COMMITTED", lambda: DOORS[door](desk))
    assert _written() != before
    assert findings() == []
