"""A role that may only add: what the application can do as one, and what it cannot."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from areamedica.devstack.servers import APPLICATION
from audit.models import Checkpoint, Record
from audit.replay import PROJECTIONS, differences, replay
from audit.seal.sealing import seal
from audit.seal.verification import verify
from tests import application
from tests.transactions.bodies import TRANSACTIONS, arrives, mobile, transfer

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """A connection that stays the owner's, for tests that go on as the application."""
    given = connection.settings_dict
    with psycopg.connect(
        host=given["HOST"],
        port=given["PORT"],
        user=given["USER"],
        password=given["PASSWORD"],
        dbname=given["NAME"],
        autocommit=True,
    ) as line:
        yield line


@pytest.fixture
def clerk(owner: psycopg.Connection[Any]) -> Iterator[str]:
    """Everything goes on as a role that owns nothing; gives its name."""
    if not application.is_known():
        pytest.skip("only our own server has the application's role")
    with application.as_application():
        yield APPLICATION


def told() -> dict[str, list[str]]:
    found = run_checks(tags=["database"], databases=["default"])
    ids = {problem.id for problem in found if str(problem.id).startswith("audit")}
    return {str(i): [each.msg for each in found if each.id == i] for i in ids}


def test_the_owner_is_told_that_he_could_lift_the_guards() -> None:
    assert list(told()) == ["audit.I001"]


def test_nothing_is_to_be_said_of_a_clerk(clerk: str) -> None:
    assert told() == {}


_MUCH = "The application's role need not hold {}."
_LITTLE = "The application's role lacks {} (manage.py grant_rights, as the owner)."


def test_each_right_too_many_is_named(
    owner: psycopg.Connection[Any], clerk: str
) -> None:
    owner.execute(f"GRANT UPDATE ON audit_leaf TO {clerk}")
    owner.execute(f"GRANT UPDATE (account_id, amount) ON ledger_balance TO {clerk}")
    owner.execute(f"GRANT INSERT ON audit_record, ledger_transfer TO {clerk}")
    name = connection.settings_dict["NAME"]
    owner.execute(f"GRANT TEMPORARY ON DATABASE {name} TO {clerk}")
    said = told()
    assert list(said) == ["audit.W001"]
    assert said["audit.W001"] == [
        _MUCH.format(each)
        for each in (
            "audit_leaf: UPDATE",
            "audit_record: INSERT (id, at, epoch, xid)",
            "ledger_balance: UPDATE (account_id, amount)",
            "ledger_transfer: INSERT",
            "the database: TEMPORARY",
        )
    ]


def test_each_right_too_few_is_named(
    owner: psycopg.Connection[Any], clerk: str
) -> None:
    """As after a migration that nobody followed by `grant_rights`."""
    owner.execute("CREATE TABLE new_room (id serial, said text)")
    owner.execute("ALTER TABLE audit_record ADD COLUMN new text")
    try:
        assert told() == {
            "audit.E012": [
                _LITTLE.format(each)
                for each in (
                    "audit_record: INSERT (new)",
                    "new_room: DELETE",
                    "new_room: INSERT",
                    "new_room: SELECT",
                    "new_room: UPDATE",
                    "new_room_id_seq: USAGE",
                )
            ]
        }
    finally:
        owner.execute("DROP TABLE new_room")
        owner.execute("ALTER TABLE audit_record DROP COLUMN new")


def test_what_somebody_else_granted_is_no_success(
    owner: psycopg.Connection[Any],
) -> None:
    """A right that came by way of everybody is not taken away with the role's own."""
    if not application.is_known():
        pytest.skip("only our own server has the application's role")
    owner.execute("GRANT UPDATE ON audit_leaf TO PUBLIC")
    try:
        with pytest.raises(CommandError, match="audit_leaf: UPDATE"):
            call_command("grant_rights", APPLICATION)
    finally:
        owner.execute("REVOKE UPDATE ON audit_leaf FROM PUBLIC")


def test_a_clerk_does_the_days_work(
    clerk: str, api: Any, ana: User, ruben: User, back_office: Any, bank: Any
) -> None:
    """Signing in, recording, asking, deciding, booking, sealing, proving."""
    arrives(bank, mobile(), amount="1.00")
    client = api(ana)
    made = client.post(f"{TRANSACTIONS}/partial-reference", mobile(), format="json")
    assert made.json()["status"] == "TO_REVIEW"
    address = f"{TRANSACTIONS}/{made.json()['id']}"
    why = {"reason": "Pagó el resto en efectivo"}
    done = api(ruben).post(f"{address}/approve", why, format="json")
    assert done.json()["status"] == "COMPLETED"
    other = client.post(f"{TRANSACTIONS}/full-reference", transfer(), format="json")
    client.delete(f"{TRANSACTIONS}/{other.json()['id']}")
    assert back_office(ruben).get("/admin/").status_code == 200
    assert seal() == Record.objects.count()
    assert [str(each) for each in verify(procs=2).findings] == []
    found = [differences(replay(each)) for each in PROJECTIONS.values()]
    assert found == [[], []]
    call_command("ledger_verify")
    assert Checkpoint.objects.count() == 1


def test_there_must_be_such_a_role() -> None:
    with pytest.raises(CommandError, match="nobody_at_all"):
        call_command("grant_rights", "nobody_at_all")
