"""The role the application serves as: it owns nothing, and may what it needs.

A test marked `as_application` goes on as that role once the database is as it should
be; tables are emptied by their owner again. On a server that is not our own the role is
not there, and such a test goes on as the owner.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection

from areamedica.devstack.servers import APPLICATION, application_password
from tests.embedded import OURS

MARK = "as_application"


def is_known() -> bool:
    """Whether this is our own server, whose application's role can sign in."""
    return "DATABASE_URL" in os.environ.get(OURS, "").split()


@contextmanager
def as_application() -> Iterator[None]:
    """Every new connection of this process is the application's meanwhile."""
    given = connection.settings_dict
    owner = {each: given[each] for each in ("USER", "PASSWORD")}
    call_command("grant_rights", APPLICATION)
    connection.close()
    secret = application_password(given["PASSWORD"])
    given.update(USER=APPLICATION, PASSWORD=secret)
    try:
        yield
    finally:
        connection.close()
        given.update(owner)
