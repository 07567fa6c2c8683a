"""No table of ours changes in silence, and no new one without a word about it."""

import pytest
from django.apps import apps
from django.db import DataError, connection
from django.db.transaction import atomic

from accounts.models import Role, User
from audit.actions import Action
from audit.services import record
from tests.journaled import UNWATCHED, WATCHED, staged

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def test_of_every_table_it_was_decided_whether_it_is_watched() -> None:
    ours = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }
    assert ours == WATCHED.keys() | UNWATCHED.keys()
    assert not WATCHED.keys() & UNWATCHED.keys()


def test_of_every_watched_table_only_columns_it_has_are_left_out() -> None:
    with connection.cursor() as cursor:
        for table, quiet in WATCHED.items():
            found = connection.introspection.get_table_description(cursor, table)
            assert {*quiet} <= {each.name for each in found}, table


def test_a_silent_commit_is_refused_and_one_that_tells_is_not(ana: User) -> None:
    mine = User.objects.filter(pk=ana.pk)
    with pytest.raises(DataError, match="UPDATE of accounts_user without a record"):
        mine.update(role=Role.objects.get(name="admin"))
    mine.update(last_login=None)
    with atomic():
        mine.update(is_active=False)
        record(Action.USER_DEACTIVATED, actor_id=None)
    with staged():
        mine.update(is_active=True)
    mine.update(is_active=True)  # nothing changes


def test_a_record_of_another_commit_does_not_count(ana: User) -> None:
    record(Action.USER_CHANGED, actor_id=None)
    with pytest.raises(DataError):
        User.objects.filter(pk=ana.pk).update(is_superuser=True)
