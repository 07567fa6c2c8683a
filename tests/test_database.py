"""What every room relies on when the database refuses something."""

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic

from accounts.errors import EmailTaken
from accounts.models import Role
from areamedica.database import outside_transaction, violation_means

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
