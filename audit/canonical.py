"""One way to write a fact down, so that its bytes can be compared and sealed."""

import hashlib
import hmac
import json
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings


def _plain(fact: object) -> object:
    match fact:
        case None | bool() | int() | str():
            return fact
        case Decimal():
            return format(fact, "f")
        case datetime() | date():
            return fact.isoformat()
        case UUID():
            return str(fact)
        case dict():
            return {str(name): _plain(entry) for name, entry in fact.items()}
        case list() | tuple():
            return [_plain(entry) for entry in fact]
    raise TypeError(f"{type(fact).__name__} has no canonical form")


# One for all: json.dumps would make an encoder anew for every record.
written = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False
).encode


def canonical(facts: dict[str, object]) -> str:
    """Write facts as JSON with sorted keys and no spare blanks.

    :raises TypeError: a value without an exact form, a float above all.
    """
    return written(_plain(facts))


def pseudonym(person: str) -> str:
    """A keyed digest that stands for personal data: equal for equal input, opaque.

    Keyed, because the few million phones and documents of a country are soon hashed.
    """
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, person.encode(), hashlib.sha256).hexdigest()[:32]
