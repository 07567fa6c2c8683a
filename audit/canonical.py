"""One way to write a fact down, so that its bytes can be compared and sealed."""

import hashlib
import hmac
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

# Beyond, a number is not the same to every reader of JSON (RFC 8785, 3.2.2.3).
_EXACT = 2**53
_LEVELS = 8
_AMOUNT = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?", re.ASCII)


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


def facts_of(text: str) -> dict[str, Any]:
    """What the text of a record tells.

    Nothing where it was pruned, where only its digest is kept, and where somebody has
    forged what is no object: `audit_verify` names that one, and who reads goes on.
    """
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) and not _is_deep(told, _LEVELS) else {}


def _is_deep(told: object, levels: int) -> bool:
    """Deeper than whoever walks through it could go: nothing of ours is."""
    if not isinstance(told, dict | list):
        return False
    parts = told.values() if isinstance(told, dict) else told
    return levels == 0 or any(_is_deep(each, levels - 1) for each in parts)


def amount_in(facts: dict[str, Any]) -> Decimal | None:
    """The amount that facts tell; None when they tell none that can be read."""
    told = facts.get("amount")
    if not isinstance(told, str) or not _AMOUNT.fullmatch(told):
        return None
    return Decimal(told)


def pseudonym(person: str) -> str:
    """A keyed digest that stands for personal data: equal for equal input, opaque.

    Keyed, because the few million phones and documents of a country are soon hashed.
    """
    key = settings.PSEUDONYM_KEY.encode()
    return hmac.new(key, person.encode(), hashlib.sha256).hexdigest()[:32]
