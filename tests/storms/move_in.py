"""Migrate a private database and let one cashier in, in one process.

Its own program because the test process is bound to another database.
"""

import sys

import django
from django.core.management import call_command


def let_in(email: str, password: str) -> None:
    from accounts.models import Role, User

    User.objects.create_user(
        email=email,
        password=password,
        full_name="Ana",
        role=Role.objects.get(name="cashier"),
    )


if __name__ == "__main__":
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    let_in(*sys.argv[1:])
