"""Transfers as clients write them, read without a serializer: thousands come at once.

One transfer and eight thousand are read by the same rules. A row that breaks one is
named by its place, the field and the reason; it never stops the others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.clock import is_within_reach
from areamedica.errors import DayOutOfReach
from areamedica.money import CURRENCIES, UnreadableAmount, parse_amount
from ledger.amounts import LARGEST_MINOR, from_minor
from ledger.chart import account_id
from ledger.formats import LONGEST_NAME, LONGEST_TEXT, MOST_METADATA
from ledger.models import Transfer
from ledger.models.transfers import AHEAD
from ledger.services.posting import Posting
from ledger.services.transfers import groups

Row = dict[str, Any]

_NEEDED = frozenset({"key", "debit", "credit", "amount", "currency", "code"})
_KNOWN = _NEEDED | {"effective", "metadata", "linked"}
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_ACCOUNT_CODE = re.compile(r"[0-9]{1,16}-[A-Z]{3}(?:-[0-9a-f-]{36})?", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,31}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LARGEST = from_minor(LARGEST_MINOR, CURRENCIES[0])

UNKNOWN = _("There is no such field.")
_NOT_AN_OBJECT = _("Send an object.")
_MISSING = _("This field is required.")
_NO_UUID = _("Send a UUID.")
_NO_ACCOUNT = _("Send an account's id or its code, such as 1110-VES.")
_NO_CURRENCY = _("Send one of VES, USD, EUR, COP.")
_NO_CODE = _("Send 1 to 32 letters, digits or . : _ -")
_NO_DAY = _("Send a day as YYYY-MM-DD.")
_TOO_FAR = _("At most seven days ahead.")
_NO_METADATA = _("Send at most 20 texts of 500 characters, by names of 40.")
_NO_BOOLEAN = _("Send true or false.")
_SAME_ACCOUNT = _("Debit and credit are one account.")
_LINKED_TO_NOTHING = _("There is no next transfer.")


class BadRow(Exception):
    """Why a row cannot be read: the field ("" for the whole row) and a sentence."""

    is_linked = False

    def __init__(self, name: str, why: str | Promise) -> None:
        super().__init__(name)
        self.name = name
        self.why = why


@dataclass
class Rows:
    """Reads the rows of one request of `actor_id` on the Caracas day `today`."""

    actor_id: UUID
    today: date
    # Many rows name few accounts and few days.
    _accounts: dict[str, UUID] = field(default_factory=dict)
    _days: dict[str, date] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._cause = ("api", str(self.actor_id))

    def read(self, rows: Sequence[object]) -> list[Posting | BadRow]:
        """Each as a posting, or why it is none."""
        read = [self._read_or_say(row) for row in rows]
        if read and read[-1].is_linked:
            read[-1] = BadRow("linked", _LINKED_TO_NOTHING)
        return _dated(read, rows)

    def _read_or_say(self, row: object) -> Posting | BadRow:
        try:
            return self._posting(row)
        except BadRow as bad:
            # What meant to be tied to the next one spoils it too.
            bad.is_linked = isinstance(row, dict) and bool(row.get("linked"))
            return bad

    def _posting(self, row: object) -> Posting:
        """:raises BadRow: a field is missing, unknown, or not as the contract says."""
        if not isinstance(row, dict):
            raise BadRow("", _NOT_AN_OBJECT)
        if not _NEEDED <= row.keys() <= _KNOWN:
            _refuse_names(row)
        debit = self._account(row, "debit")
        credit = self._account(row, "credit")
        if debit == credit:
            raise BadRow("credit", _SAME_ACCOUNT)
        return Posting(
            key=key_named(row, "key"),
            debit=debit,
            credit=credit,
            amount=_amount(row["amount"]),
            currency=_currency(row["currency"]),
            code=_matching(row, "code", CODE, _NO_CODE),
            effective=self._day(row) if "effective" in row else self.today,
            cause=self._cause,
            metadata=read_metadata(row["metadata"]) if "metadata" in row else {},
            is_linked=_boolean(row["linked"]) if "linked" in row else False,
        )

    def _account(self, row: Row, name: str) -> UUID:
        raw = row[name]
        known = self._accounts.get(raw) if isinstance(raw, str) else None
        if known is None:
            known = self._accounts[raw] = account_named(row, name)
        return known

    def _day(self, row: Row) -> date:
        raw = row["effective"]
        known = self._days.get(raw) if isinstance(raw, str) else None
        if known is None:
            known = self._days[raw] = self._read_day(row)
        return known

    def _read_day(self, row: Row) -> date:
        try:
            day = date.fromisoformat(_matching(row, "effective", _DAY, _NO_DAY))
        except ValueError as error:
            raise BadRow("effective", _NO_DAY) from error
        demand_effective(day, self.today)
        return day


def demand_effective(day: date, today: date) -> None:
    """:raises BadRow: nobody means that year, or it is more than seven days ahead."""
    if not is_within_reach(day):
        raise BadRow("effective", DayOutOfReach.sentence)
    if day > today + AHEAD:
        raise BadRow("effective", _TOO_FAR)


def _refuse_names(row: Row) -> NoReturn:
    missing = sorted(_NEEDED - row.keys())
    if missing:
        raise BadRow(missing[0], _MISSING)
    raise BadRow(min(row.keys() - _KNOWN)[:LONGEST_NAME], UNKNOWN)


def _matching(row: Row, name: str, form: re.Pattern[str], why: Promise) -> str:
    raw = row[name]
    if not isinstance(raw, str) or not form.fullmatch(raw):
        raise BadRow(name, why)
    return raw


def key_named(row: Row, name: str) -> UUID:
    """A UUID in its 36 characters; written otherwise it is none.

    :raises BadRow:
    """
    return UUID(_matching(row, name, _UUID, _NO_UUID))


def account_named(row: Row, name: str) -> UUID:
    """The account that a row names by id or code. :raises BadRow: by neither."""
    raw = row[name]
    if isinstance(raw, str) and _UUID.fullmatch(raw):
        return UUID(raw)
    return account_id(_matching(row, name, _ACCOUNT_CODE, _NO_ACCOUNT))


def _amount(raw: object) -> Decimal:
    try:
        amount = parse_amount(raw)
    except UnreadableAmount as error:
        raise BadRow("amount", UnreadableAmount.sentence) from error
    if amount > _LARGEST:
        raise BadRow("amount", UnreadableAmount.sentence)
    return amount


def _currency(raw: object) -> str:
    if not isinstance(raw, str) or raw not in CURRENCIES:
        raise BadRow("currency", _NO_CURRENCY)
    return raw


def _boolean(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise BadRow("linked", _NO_BOOLEAN)
    return raw


def read_metadata(raw: object) -> dict[str, object]:
    """Texts by name, no deeper: equal to itself however it is written.

    :raises BadRow: anything else, or too much of it.
    """
    if (
        not isinstance(raw, dict)
        or len(raw) > MOST_METADATA
        or not all(
            len(name) <= LONGEST_NAME
            and isinstance(text, str)
            and len(text) <= LONGEST_TEXT
            for name, text in raw.items()
        )
    ):
        raise BadRow("metadata", _NO_METADATA)
    return raw


def _dated(
    read: list[Posting | BadRow], rows: Sequence[object]
) -> list[Posting | BadRow]:
    """Who repeats after midnight a transfer without a day means the day it has."""
    undated = {
        place: each.key
        for place, (each, row) in enumerate(zip(read, rows, strict=True))
        if isinstance(each, Posting) and "effective" not in row  # type: ignore[operator]
    }
    if not undated:
        return read
    booked = Transfer.objects.filter(key__in=undated.values())
    days = dict(booked.values_list("key", "effective"))
    return [
        replace(each, effective=days[each.key])
        if isinstance(each, Posting) and undated.get(place) in days
        else each
        for place, each in enumerate(read)
    ]


def whole_groups(read: Sequence[Posting | BadRow]) -> list[int]:
    """The places that may be posted: nothing of their linked group is bad."""
    return [
        place
        for group in groups(read)
        if all(isinstance(read[member], Posting) for member in group)
        for place in group
    ]
