"""A database of a test's own: for what no emptying of tables would undo."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection


@pytest.fixture
def own_database(transactional_db: None, books_alone: None) -> Iterator[None]:
    """Everything runs on a copy of the tests' database, which is dropped at the end."""
    where = connection.settings_dict
    given, copy = where["NAME"], f"{where['NAME']}_copy"
    with _administered() as line:
        line.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        line.execute(f"CREATE DATABASE {copy} TEMPLATE {given}")
    # Threads that connect anew read the same settings.
    where["NAME"] = copy
    yield
    where["NAME"] = given
    with _administered() as line:
        line.execute(f"DROP DATABASE {copy} WITH (FORCE)")


@contextmanager
def _administered() -> Iterator[psycopg.Connection]:
    """A line to another database: nobody may be in one that is copied or dropped."""
    connection.close()
    where = connection.settings_dict
    with psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        user=where["USER"],
        password=where["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as line:
        yield line
