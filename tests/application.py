"""The role the application serves as: it owns nothing, and may what it needs.

The tests of a module marked `as_application` run as that role; tables are emptied, and
what watches them is made, by their owner. On a server that is not our own nobody knows
the role's password, and such tests run as the owner.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

from areamedica.devstack.servers import APPLICATION, application_password
from tests.embedded import OURS

MARK = "as_application"
_GIVEN = connection.settings_dict
_OWNER = {each: _GIVEN[each] for each in ("USER", "PASSWORD")}


def is_known() -> bool:
    """Whether this is our own server, whose application's role can sign in."""
    return "DATABASE_URL" in os.environ.get(OURS, "").split()


@contextmanager
def as_application() -> Iterator[None]:
    """Every new connection of this process is the application's meanwhile."""
    call_command("grant_rights", APPLICATION)
    with _signing_in(APPLICATION, application_password(_OWNER["PASSWORD"])):
        yield


@contextmanager
def as_owner() -> Iterator[None]:
    """What the application may not; nothing changes for a test that is the owner's."""
    if _GIVEN["USER"] == _OWNER["USER"]:
        yield
    else:
        with _signing_in(_OWNER["USER"], _OWNER["PASSWORD"]):
            yield


@contextmanager
def _signing_in(user: str, password: str) -> Iterator[None]:
    before = {each: _GIVEN[each] for each in _OWNER}
    connection.close()
    _GIVEN.update(USER=user, PASSWORD=password)
    try:
        yield
    finally:
        connection.close()
        _GIVEN.update(before)
