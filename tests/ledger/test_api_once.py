"""Every address that writes to the books keeps its Idempotency-Key's promise."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from ledger.api.urls import urlpatterns
from ledger.models import Account, Balance, Closure, Hold, HoldEnd, Transfer
from ledger.services.accounts import freeze
from ledger.services.holds import hold
from ledger.services.posting import post
from ledger.services.proof import findings
from tests.ledger.bodies import body, code_of, send
from tests.ledger.books import FEES, TRANSIT, customer, posting

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("books_alone"),
]

API = "/api/v1"
WHY = {"reason": "Reclamo abierto"}


class Change(NamedTuple):
    """What is sent; whom `make` makes is named in the address."""

    sent: Callable[[], Any]
    other: dict[str, Any]
    make: Callable[[User], Any] = lambda _: None


def _posted(_: User) -> Any:
    one = posting(TRANSIT, customer("ana"))
    post(one)
    return one.key


def _held(actor: User) -> Any:
    now = timezone.now()
    later = now + timedelta(hours=1)
    given = {"expires_at": later, "actor": actor, "now": now, "is_dated": True}
    held, _ = hold(posting=posting(FEES, TRANSIT), **given)
    return held.key


def _frozen(actor: User) -> Any:
    account = customer("ana")
    freeze(account_id=account, actor=actor, reason="Reclamo abierto")
    return account


def _open(_: User) -> Any:
    return customer("ana")


def _entry() -> Any:
    legs = [
        {"account": str(account), "side": side, "amount": "1.00"}
        for account, side in ((TRANSIT, "debit"), (FEES, "credit"))
    ]
    return {"key": str(uuid4()), "currency": "VES", "code": "payment", "legs": legs}


def _hold() -> Any:
    later = timezone.now() + timedelta(hours=1)
    return body(FEES, TRANSIT, expires_at=later.isoformat())


ACCOUNT = Change(
    lambda: {"number": "2100", "currency": "VES", "owner_id": str(uuid4())},
    {"currency": "USD"},
)
TRANSFER = Change(lambda: body(TRANSIT, FEES), {"amount": "11.00"})
REVERSAL = Change(lambda: {"key": str(uuid4()), **WHY}, {"amount": "1.00"}, _posted)
OTHER_WHY = {"reason": "Otro"}
CHANGES = {
    "ledger/accounts": ACCOUNT,
    "ledger/accounts/{id}/freeze": Change(lambda: WHY, OTHER_WHY, _open),
    "ledger/accounts/{id}/release": Change(lambda: WHY, OTHER_WHY, _frozen),
    "ledger/accounts/{id}/close": Change(lambda: WHY, OTHER_WHY, _open),
    "ledger/entries": Change(_entry, {"code": "other"}),
    "ledger/entries/{id}/reverse": REVERSAL,
    "ledger/holds": Change(_hold, {"amount": "11.00"}),
    "ledger/holds/{id}/post": Change(
        lambda: {"key": str(uuid4())}, {"amount": "1.00"}, _held
    ),
    "ledger/holds/{id}/void": Change(lambda: WHY, OTHER_WHY, _held),
    "ledger/transfers": TRANSFER,
    "ledger/transfers/batch": Change(
        lambda: {"transfers": [body(TRANSIT, FEES)]}, {"transfers": [{}]}
    ),
    "accounts": ACCOUNT,
    "transfers": TRANSFER,
    "transactions/{id}/reverse": REVERSAL,
}


def _written() -> Any:
    """Whatever any of them may write, the journal included."""
    kinds = (Account, Closure, Hold, HoldEnd, Record, Transfer)
    balances = Balance.objects.order_by("pk").values_list(
        "pk", "amount", "held", "seq", "is_frozen"
    )
    return [*(kind.objects.count() for kind in kinds), *balances]


def test_no_address_that_writes_is_left_out() -> None:
    known: Any = urlpatterns
    writing = {
        str(each.pattern).replace("<str:id>", "{id}")
        for each in known
        if hasattr(each.callback.view_class, "post")
    }
    assert writing == set(CHANGES)


@pytest.mark.parametrize("address", CHANGES)
def test_the_same_key_and_body_write_once_and_another_body_never(
    api: Any, root: User, address: str
) -> None:
    change = CHANGES[address]
    path = f"{API}/{address}".format(id=change.make(root))
    client, sent, before = api(root), change.sent(), _written()
    first = send(client, path, sent, key="k")
    assert first.status_code in {200, 201}, first.content
    written = _written()
    assert written != before
    again = send(client, path, sent, key="k")
    assert again["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    refused = send(client, path, {**sent, **change.other}, key="k")
    assert code_of(refused) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert _written() == written
    assert findings() == []
