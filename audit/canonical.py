"""One way to write a fact down, so that its bytes can be compared and sealed."""

import hashlib
import hmac
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import orjson
from django.conf import settings

# Beyond, a number is not the same to every reader of JSON (RFC 8785, 3.2.2.3).
_EXACT = 2**53


def _plain(fact: object) -> object:
    match fact:
        case None | bool() | str():
            return fact
        case int() if -_EXACT < fact < _EXACT:
            return fact
        case Decimal():
            return format(fact, "f")
        case datetime() | date():
            return fact.isoformat()
        case UUID():
            return str(fact)
        case dict():
            # Nearly all are texts, and a match takes its time.
            return {
                _name(name): entry if type(entry) is str else _plain(entry)
                for name, entry in fact.items()
            }
        case list() | tuple():
            return [_plain(entry) for entry in fact]
    raise TypeError(f"{type(fact).__name__} has no canonical form")


def _name(name: object) -> str:
    """ASCII, because others sort the rest in another order (RFC 8785, 3.2.3)."""
    text = str(name)
    if not text.isascii():
        raise TypeError("a name that is not ASCII has no canonical form")
    return text


def written(plain: object) -> bytes:
    """JSON with sorted keys and no spare blanks.

    Of texts, whole numbers below 2^53 and ASCII names these are the bytes of RFC 8785.
    """
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def canonical(facts: dict[str, object]) -> str:
    """Write facts as JSON with sorted keys and no spare blanks.

    :raises TypeError: a value without an exact form, a float above all.
    """
    return written(_plain(facts)).decode()


def pseudonym(person: str) -> str:
    """A keyed digest that stands for personal data: equal for equal input, opaque.

    Keyed, because the few million phones and documents of a country are soon hashed.
    """
    key = settings.PSEUDONYM_KEY.encode()
    return hmac.new(key, person.encode(), hashlib.sha256).hexdigest()[:32]
