"""Reading what people typed into the controls; anything odd is refused by name."""

import datetime as dt
import json
import re
from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from banking.sandbox.wire import Json

CARACAS = dt.timezone(dt.timedelta(hours=-4))
"""Venezuela keeps UTC-4 all year round (fact sheet §6)."""

AMOUNT = re.compile(r"\d{1,13}(\.\d{1,2})?")
"""15 digits in all, so that a JSON number carries them exactly."""

PHONE = re.compile(r"(?:\+|00)?(?:58)?0?((?:412|422|414|424|416|426)\d{7})")
"""The spellings and mobile prefixes of fact sheet §6."""


class Refused(Exception):
    """A control was asked something it cannot do; the sentence says what."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


def read_object(raw: Json, *, known: Collection[str], name: str) -> dict[str, Json]:
    if not isinstance(raw, dict):
        raise Refused("", f"A {name} is written as a JSON object.")
    for field in raw:
        if field not in known:
            fields = ", ".join(sorted(known))
            raise Refused(field, f"A {name} has no field {field!r}; it has: {fields}.")
    return raw


def read_text(raw: Json, field: str, *, longest: int = 100) -> str:
    if not isinstance(raw, str) or len(raw) > longest:
        raise Refused(field, f"{field} must be text of at most {longest} characters.")
    return raw


def read_flag(raw: Json, field: str) -> bool:
    if not isinstance(raw, bool):
        raise Refused(field, f"{field} must be true or false.")
    return raw


def read_whole(raw: Json, field: str, *, low: int, high: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
        sentence = f"{field} must be a whole number from {low} to {high}."
        raise Refused(field, sentence)
    return raw


def read_seconds(raw: Json, field: str, *, high: float) -> float:
    fits = isinstance(raw, int | float) and not isinstance(raw, bool)
    if not fits or not 0 <= float(str(raw)) <= high:
        raise Refused(field, f"{field} must be a number of seconds from 0 to {high:g}.")
    return float(str(raw))


def read_digits(raw: Json, field: str, *, shortest: int, longest: int) -> str:
    text = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    fits = isinstance(text, str) and text.isascii() and text.isdigit()
    if not isinstance(text, str) or not fits or not shortest <= len(text) <= longest:
        span = f"{shortest}" if shortest == longest else f"{shortest} to {longest}"
        raise Refused(field, f"{field} must be {span} digits.")
    return text


def read_amount(raw: Json, field: str) -> Decimal:
    """Read '2350.75', 2350.75 or 630; a thousands mark or a comma is refused."""
    text = json.dumps(raw) if isinstance(raw, int | float) else raw
    if not isinstance(text, str) or not AMOUNT.fullmatch(text):
        sentence = (
            f"{field} must be a positive amount such as 2350.75 (dot, 2 decimals)."
        )
        raise Refused(field, sentence)
    try:
        amount = Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation as error:
        raise Refused(field, f"{field} is too large.") from error
    if not amount:
        raise Refused(field, f"{field} must be more than zero.")
    return amount


def read_date(raw: Json, field: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(str(raw))
    except ValueError as error:
        raise Refused(field, f"{field} must be a date as YYYY-MM-DD.") from error
    if day.isoformat() != raw:
        raise Refused(field, f"{field} must be a date as YYYY-MM-DD.")
    return day


def read_time(raw: Json, field: str) -> str:
    """HH:MM or HH:MM:SS, as HH:MM:SS."""
    text = f"{raw}:00" if isinstance(raw, str) and len(raw) == len("HH:MM") else raw
    try:
        moment = dt.time.fromisoformat(str(text))
    except ValueError as error:
        raise Refused(field, f"{field} must be a time as HH:MM:SS.") from error
    if moment.isoformat() != text:
        raise Refused(field, f"{field} must be a time as HH:MM:SS.")
    return moment.isoformat()


def read_phone(raw: Json, field: str) -> str:
    """Any Venezuelan mobile spelling, as 58 and ten digits."""
    bare = re.sub(r"[\s().-]", "", raw) if isinstance(raw, str) else ""
    spelled = PHONE.fullmatch(bare)
    if spelled is None:
        raise Refused(field, f"{field} must be a Venezuelan mobile, e.g. 0414-1230199.")
    return f"58{spelled[1]}"


def read_moment(raw: str, field: str) -> dt.datetime:
    """An ISO moment with its offset; a plus sign lost in a URL is put back."""
    try:
        moment = dt.datetime.fromisoformat(re.sub(r" (\d\d:\d\d)$", r"+\1", raw))
    except ValueError as error:
        raise Refused(field, f"{field} must be an ISO moment with offset.") from error
    if moment.tzinfo is None:
        raise Refused(field, f"{field} must carry its offset, e.g. ...-04:00.")
    return moment
