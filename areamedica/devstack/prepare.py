"""Migrate and seed in one process, since importing the project costs the most.

The only module here that knows Django; it runs as a child of the demo.
"""

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    call_command("migrate", interactive=False)
    call_command("seed_demo")
