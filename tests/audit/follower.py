"""A process that follows the journal and is killed after an effect, before its commit.

`python -m tests.audit.follower LEAF`: dies, as by kill -9, each time it digests LEAF.
"""

import os
import signal
import sys

import django

django.setup()

from accounts.models import Letter  # noqa: E402
from audit import consumers  # noqa: E402
from audit.actions import Action  # noqa: E402


def effect(event: consumers.Event) -> None:
    Letter.objects.create(kind="verify", language=str(event.number))
    if event.number == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)


consumers.follow("test", [Action.EXPORTED], effect)
consumers.consume("test")
