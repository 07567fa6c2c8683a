"""Sealers made in an instant: one per line on stdin, its pid on stdout.

A new interpreter takes seconds to load the project; a fork of one that has does not.
"""

import os
import sys

import django

django.setup()

from django.db import connection  # noqa: E402 (not before the setup)

from audit.seal.sealing import seal  # noqa: E402

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        while True:
            seal()
    print(child, flush=True)  # noqa: T201 (this is its answer)
    os.waitpid(child, 0)
connection.close()
