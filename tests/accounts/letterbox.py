"""What came in the post: the letters, their links, and the doorbell of their worker."""

import re
from typing import Any

from django.core import mail

from accounts.tasks import send_letters


def post_comes() -> list[Any]:
    """Send what is due, as the worker does, and empty the letterbox."""
    mail.outbox.clear()
    send_letters()
    return list(mail.outbox)


def the_letter() -> Any:
    """The only one."""
    (letter,) = post_comes()
    return letter


def link_of(letter: Any) -> tuple[str, str]:
    """The address a letter's link leads to, and its token."""
    address, token = re.search(r"^(\S+)#(\S+)$", letter.body, re.MULTILINE).groups()  # type: ignore[union-attr]
    return address, token
