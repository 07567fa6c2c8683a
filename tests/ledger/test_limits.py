"""An overdraft that was agreed, and a ceiling: kept by every door."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic

from ledger.models import Account
from ledger.services.posting import post
from ledger.services.proof import findings
from tests.ledger.bodies import LEDGER, TRANSFERS, body, code_of, send
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.ledger.test_api_accounts import ACCOUNTS, new
from tests.ledger.test_api_entries import entry, hold, reversal
from tests.ledger.test_proof import tamper
from tests.together import together

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def client(api: Any, person: Any) -> Any:
    """The bookkeeper's."""
    return api(person("berta", "bookkeeper"))


@pytest.fixture
def opened(client: Any) -> Any:
    """With 5.00 of overdraft, and never more than 10.00 on it."""
    return send(client, ACCOUNTS, new(overdraft="5.00", ceiling="10.00")).json()


def both(client: Any, debit: Any, credit: Any, amount: str) -> tuple[Any, Any]:
    """What a batch says of it, and what is answered to it alone."""
    rows = [body(TRANSIT, FEES, "0.01"), body(debit, credit, amount)]
    many = send(client, f"{TRANSFERS}/batch", {"transfers": rows}).json()["results"]
    one = send(client, TRANSFERS, body(debit, credit, amount))
    return many[1]["outcome"], code_of(one) if one.status_code != 201 else 201


def test_what_was_agreed_is_told_and_stays(client: Any, opened: Any) -> None:
    assert (opened["overdraft"], opened["ceiling"]) == ("5.00", "10.00")
    plain = send(client, ACCOUNTS, new()).json()
    assert (plain["overdraft"], plain["ceiling"]) == ("0.00", None)
    transit = client.get(f"{ACCOUNTS}/{TRANSIT}").json()
    assert (transit["overdraft"], transit["ceiling"]) == (None, None)
    same = {"owner_id": opened["owner_id"]}
    for given, status in (
        ({}, 200),
        ({"overdraft": "5"}, 200),
        ({"ceiling": "10.00", "overdraft": "5.00"}, 200),
        ({"overdraft": "6.00"}, 409),
        ({"ceiling": "10.01"}, 409),
        ({"ceiling": "0.00"}, 400),
        ({"overdraft": "-5.00"}, 400),
        ({"ceiling": None}, 400),
        ({"ceiling": "0.001"}, 400),
    ):
        answer = send(client, ACCOUNTS, new(**same, **given))
        assert answer.status_code == status, given
    for column in ("overdraft", "ceiling"):
        with pytest.raises(IntegrityError), atomic():
            Account.objects.filter(pk=opened["id"]).update(**{column: 10**6})


def test_its_page_tells_what_was_agreed(
    back_office: Any, person: Any, opened: Any
) -> None:
    shown = back_office(person("carmen", "bookkeeper")).get(
        f"/admin/ledger/account/{opened['id']}/change/"
    )
    words = " ".join(shown.content.decode().split())
    assert "<dt>Sobregiro acordado</dt><dd>Bs. 5,00</dd>" in words
    assert "<dt>Máximo</dt><dd>Bs. 10,00</dd>" in words


def test_no_door_goes_beyond(client: Any, opened: Any) -> None:
    ours = opened["id"]
    above, below = (422, "ABOVE_CEILING"), (422, "INSUFFICIENT_FUNDS")
    assert both(client, TRANSIT, ours, "10.01") == ("above_ceiling", above)
    assert both(client, ours, TRANSIT, "5.01") == ("insufficient_funds", below)
    assert both(client, TRANSIT, ours, "5.00") == ("posted", 201)
    assert both(client, TRANSIT, ours, "0.01") == ("above_ceiling", above)
    more = entry((TRANSIT, "debit", "0.01"), (ours, "credit", "0.01"))
    assert code_of(send(client, f"{LEDGER}/entries", more)) == above
    # On its way out and back again is not above it.
    assert both(client, ours, TRANSIT, "5.00") == ("posted", 201)
    spent = body(ours, TRANSIT, "2.00")
    assert send(client, TRANSFERS, spent).status_code == 201
    assert code_of(send(client, f"{LEDGER}/holds", hold(ours, FEES, "3.01"))) == below
    kept = hold(TRANSIT, ours, "12.01")
    assert send(client, f"{LEDGER}/holds", kept).status_code == 201
    posted = send(client, f"{LEDGER}/holds/{kept['key']}/post", {"key": str(uuid4())})
    assert code_of(posted) == above
    assert send(client, TRANSFERS, body(TRANSIT, ours, "11.00")).status_code == 201
    back = f"{LEDGER}/entries/{spent['key']}/reverse"
    assert code_of(send(client, back, reversal())) == above
    assert amount_of(ours) == 900
    assert findings() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("books_alone")
def test_fifty_at_once_stop_at_the_ceiling(client: Any) -> None:
    ours = customer("ana", ceiling="10.00")
    rows = [posting(TRANSIT, ours, "1.00") for _ in range(50)]
    told = together(*[partial(post, row) for row in rows])
    assert len([each for each in told if str(each) == "posted"]) == 10
    assert amount_of(ours) == 1000
    assert findings() == []


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        (
            "ceiling_crossed",
            "UPDATE ledger_balance SET ceiling = 899 WHERE ceiling > 0",
        ),
        (
            "balance_not_as_its_account",
            "UPDATE ledger_balance SET ceiling = NULL WHERE ceiling > 0",
        ),
        (
            "balance_not_as_its_account",
            "UPDATE ledger_balance SET floor = -1 WHERE ceiling > 0",
        ),
        (
            "balance_not_as_its_account",
            "UPDATE ledger_account SET overdraft = 1 WHERE ceiling > 0",
        ),
        (
            "limits_not_as_journaled",
            "UPDATE ledger_account SET ceiling = ceiling + 1 WHERE ceiling > 0",
        ),
        (
            "limits_not_as_journaled",
            "DELETE FROM audit_record WHERE action = 'ledger.account_opened'",
        ),
    ],
)
def test_the_proof_knows_the_limits(
    client: Any, opened: Any, kind: str, statement: str
) -> None:
    send(client, TRANSFERS, body(TRANSIT, opened["id"], "9.00"))
    assert findings() == []
    tamper("ALTER TABLE ledger_balance DROP CONSTRAINT balance_not_above_ceiling")
    tamper(statement)
    assert kind in {each.kind for each in findings()}
