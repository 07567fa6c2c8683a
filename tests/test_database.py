"""What every room relies on when the database refuses something."""

import pytest
from django.db import IntegrityError, ProgrammingError, connection
from django.db.transaction import atomic

from accounts.errors import EmailTaken
from accounts.models import Role
from areamedica.database import outside_transaction, prepared, violation_means

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_named_violation_becomes_the_refusal() -> None:
    twin = Role(name="cashier", label="Otra caja")
    with (
        pytest.raises(EmailTaken),
        violation_means("accounts_role_name_key", EmailTaken),
    ):
        twin.save(force_insert=True)
    assert not Role.objects.filter(label="Otra caja").exists()


def test_another_violation_rises_as_it_is() -> None:
    twin = Role(name="cashier", label="Otra caja")
    with pytest.raises(IntegrityError), violation_means("of_another", EmailTaken):
        twin.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_while_a_transaction_is_open() -> None:
    outside_transaction()
    with atomic(), pytest.raises(RuntimeError, match="No transaction may be open"):
        outside_transaction()


@pytest.mark.django_db(transaction=True)
def test_a_line_that_the_server_has_closed_is_noticed() -> None:
    connection.ensure_connection()
    assert connection.is_usable()
    pid, other = connection.connection.info.backend_pid, connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()


def test_a_line_with_something_to_read_is_asked_and_kept() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN something")
        cursor.execute("NOTIFY something")
    assert connection.is_usable()


def test_what_is_prepared_is_prepared_and_fails_as_the_rest() -> None:
    sql = "SELECT name FROM accounts_role WHERE name = %s"
    assert prepared(sql, ["cashier"]) == [("cashier",)]
    assert prepared(sql, ["nobody"]) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone()[0] > 0
    with pytest.raises(ProgrammingError), atomic():
        prepared("SELECT 1 FROM nothing_there", [])
    assert prepared(sql, ["cashier"]) == [("cashier",)]
