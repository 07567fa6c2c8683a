"""Migrate and seed in one process, since importing the project costs the most.

The only module here that knows Django; it runs as a child of the demo. As the tables'
owner, where the servers are the demo's own: everybody else is the application's role.
"""

import os

import django
from django.core.management import call_command

from areamedica.devstack.servers import APPLICATION

if __name__ == "__main__":
    owner = os.environ.get("OWNER_DATABASE_URL")
    if owner:
        os.environ["DATABASE_URL"] = owner
    django.setup()
    call_command("migrate", interactive=False)
    if owner:
        call_command("grant_rights", APPLICATION)
    call_command("seed_demo")
