"""A role that may only add: what the application can do as one, and what it cannot."""

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection

from accounts.models import User
from audit.models import Checkpoint, Record
from audit.replay import PROJECTIONS, differences, replay
from audit.sealing import seal
from audit.verification import verify
from tests.transactions.bodies import TRANSACTIONS, arrives, mobile, transfer

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def superuser() -> psycopg.Connection[Any]:
    """Of the embedded server, whose roles share a password; nobody else's is known."""
    given = connection.settings_dict
    try:
        return psycopg.connect(
            host=given["HOST"],
            port=given["PORT"],
            user="postgres",
            password=given["PASSWORD"],
            dbname=given["NAME"],
            autocommit=True,
        )
    except psycopg.OperationalError:
        pytest.skip("only the embedded server's superuser is known")


@pytest.fixture
def clerk() -> Iterator[str]:
    """Everything goes on as a role that owns nothing; gives its name."""
    given, name = connection.settings_dict, f"clerk_{secrets.token_hex(4)}"
    owner = {each: given[each] for each in ("USER", "PASSWORD")}
    with superuser() as line:
        line.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        call_command("grant_rights", name)
        connection.close()
        given.update(USER=name, PASSWORD=name)
        yield name
        connection.close()
        given.update(owner)
        line.execute(f"DROP OWNED BY {name}")
        line.execute(f"DROP ROLE {name}")


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """A connection that stays the superuser's, asked for before `clerk`."""
    with superuser() as line:
        yield line


def told() -> dict[str, list[str]]:
    found = run_checks(tags=["database"], databases=["default"])
    ids = {problem.id for problem in found if str(problem.id).startswith("audit")}
    return {str(i): [each.msg for each in found if each.id == i] for i in ids}


def test_the_owner_is_told_that_he_could_lift_the_guards() -> None:
    assert list(told()) == ["audit.I001"]


def test_nothing_is_to_be_said_of_a_clerk(clerk: str) -> None:
    assert told() == {}


def test_a_right_too_many_is_named(owner: psycopg.Connection[Any], clerk: str) -> None:
    owner.execute(f"GRANT UPDATE ON audit_leaf TO {clerk}")
    owner.execute(f"GRANT INSERT ON audit_record TO {clerk}")
    assert told() == {
        "audit.W001": [
            f"The application's role need not hold {each}."
            for each in (
                "audit_leaf: UPDATE",
                "audit_record: INSERT (at)",
                "audit_record: INSERT (epoch)",
                "audit_record: INSERT (id)",
                "audit_record: INSERT (xid)",
            )
        ]
    }


_ADD = "INSERT INTO audit_record (action, subject_type, subject_id, request_id, facts"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_record SET facts = '{}'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        f"{_ADD}, id) VALUES ('x', '', '', '', '{{}}', 1000000)",
        f"{_ADD}, xid) VALUES ('x', '', '', '', '{{}}', '3')",
        f"{_ADD}, at) VALUES ('x', '', '', '', '{{}}', '2020-01-01')",
        f"{_ADD}, epoch) VALUES ('x', '', '', '', '{{}}', 7)",
        f"{_ADD}) VALUES ('x', '', '', '', '{{}}') ON CONFLICT (id) DO UPDATE SET"
        " facts = ''",
        "ALTER TABLE audit_record DISABLE TRIGGER append_only_rows",
        "ALTER TABLE audit_record ALTER COLUMN epoch SET DEFAULT 1",
        "DROP TRIGGER append_only_rows ON audit_record",
        "CREATE TRIGGER mine BEFORE INSERT ON audit_record EXECUTE FUNCTION x()",
        "DROP TABLE audit_leaf",
        "SET session_replication_role = replica",
        "SELECT setval('audit_record_id_seq', 1)",
        "UPDATE audit_leaf SET hash = ''",
        "DELETE FROM audit_checkpoint",
        "TRUNCATE audit_tile",
        "UPDATE audit_replay SET differences = '[]'",
        "UPDATE transactions_transactionevent SET reason = ''",
        "DELETE FROM ledger_transfer",
        "UPDATE ledger_account SET code = 'x'",
        "DELETE FROM django_migrations",
    ],
)
def test_a_clerk_may_not(clerk: str, sql: str) -> None:
    refused = pytest.raises(ProgrammingError, match="permission denied|must be owner")
    with connection.cursor() as cursor, refused:
        cursor.execute(sql)


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
