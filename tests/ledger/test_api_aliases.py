"""The payment seed's shorter addresses are the same views (conflict C17)."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from ledger.models import Transfer
from tests.ledger.bodies import body, code_of, send
from tests.ledger.books import TRANSIT, customer
from tests.transactions.bodies import claim
from transactions.services.submit import submit

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

API = "/api/v1"
ALIASES = {
    f"{API}/accounts": f"{API}/ledger/accounts",
    f"{API}/accounts/{{id}}": f"{API}/ledger/accounts/{{id}}",
    f"{API}/accounts/{{id}}/balance": f"{API}/ledger/accounts/{{id}}/balance",
    f"{API}/transactions/account/{{id}}/history": (
        f"{API}/ledger/accounts/{{id}}/history"
    ),
}


@pytest.fixture
def client(api: Any, person: Any) -> Any:
    """The bookkeeper's."""
    return api(person("berta", "bookkeeper"))


def test_an_alias_reads_what_its_address_reads(
    client: Any, api: Any, ana: User
) -> None:
    send(client, f"{API}/transfers", body(TRANSIT, customer("ana")))
    cashier = api(ana)
    for alias, address in ALIASES.items():
        shown = client.get(alias.format(id=TRANSIT))
        assert shown.status_code == 200
        assert shown.json() == client.get(address.format(id=TRANSIT)).json()
        assert code_of(cashier.get(alias.format(id=TRANSIT))) == (403, "FORBIDDEN")


def test_an_alias_moves_money_once_and_takes_it_back(client: Any) -> None:
    new = {"number": "2100", "currency": "VES", "owner_id": str(uuid4())}
    opened = send(client, f"{API}/accounts", new)
    assert opened.status_code == 201
    sent = body("1110-VES", opened.json()["code"])
    answers = [
        send(client, f"{API}/{at}", sent) for at in ("transfers", "ledger/transfers")
    ]
    assert [each.status_code for each in answers] == [201, 200]
    why = {"key": str(uuid4()), "reason": "Se deshizo"}
    back = send(client, f"{API}/transactions/{sent['key']}/reverse", why)
    assert (back.status_code, back.json()["reverses"]) == (201, sent["key"])


def test_a_claim_is_not_reversed_by_its_own_address(client: Any, ana: User) -> None:
    """`/transactions/{id}` names a claim; only there an entry of the books is meant."""
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    why = {"key": str(uuid4()), "reason": "Se deshizo"}
    for name in (row.pk, row.transaction_id):
        answer = send(client, f"{API}/transactions/{name}/reverse", why)
        assert code_of(answer) == (404, "ENTRY_NOT_FOUND")
    assert client.get(f"{API}/transactions/{row.pk}").json()["id"] == str(row.pk)
    assert not Transfer.objects.exists()


def test_the_document_names_each_operation_once() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert not {*ALIASES, f"{API}/transfers"} & set(paths)
    assert f"{API}/transactions/{{id}}/reverse" not in paths
