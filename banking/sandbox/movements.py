"""A movement of the clinic's account, as the demo or a test writes it down."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from banking.sandbox.reading import (
    CARACAS,
    Refused,
    read_amount,
    read_date,
    read_digits,
    read_flag,
    read_object,
    read_phone,
    read_seconds,
    read_text,
    read_time,
)
from banking.sandbox.wire import Json

OUR_BANK = "0134"
TAIL = 6
"""The bank searches pago móvil and interbank rows by this many digits (§2)."""


class Kind(StrEnum):
    MOBILE_PAYMENT = "MOBILE_PAYMENT"
    TRANSFER = "TRANSFER"


ALIASES = {
    "mobile_payment": Kind.MOBILE_PAYMENT,
    "pago_movil": Kind.MOBILE_PAYMENT,
    "mobile": Kind.MOBILE_PAYMENT,
    "transfer": Kind.TRANSFER,
    "interbank": Kind.TRANSFER,
}

FIELDS = frozenset(
    {
        "reference",
        "amount",
        "date",
        "time",
        "kind",
        "type",
        "payer_phone",
        "payer_bank",
        "concept",
        "currency",
        "account",
        "transaction_id",
        "visible_after_seconds",
        "lone_object",
        "reference_as_number",
        "keep_leading_zeros",
    }
)


@dataclass(frozen=True)
class Movement:
    """One line of the account. The last three fields choose the row's quirks."""

    id: str
    reference: str
    amount: Decimal
    date: dt.date
    time: str
    kind: Kind
    type: str
    payer_phone: str
    payer_bank: str
    concept: str
    currency: str
    account: str
    transaction_id: str
    visible_at: dt.datetime
    lone_object: bool
    reference_as_number: bool
    keep_leading_zeros: bool

    @property
    def is_interbank(self) -> bool:
        return self.kind is Kind.TRANSFER and self.payer_bank != OUR_BANK

    @property
    def tail(self) -> str:
        return tail_of(self.reference)

    def as_json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "reference": self.reference,
            "amount": str(self.amount),
            "date": self.date.isoformat(),
            "time": self.time,
            "kind": self.kind.value,
            "type": self.type,
            "payer_phone": self.payer_phone,
            "payer_bank": self.payer_bank,
            "concept": self.concept,
            "currency": self.currency,
            "account": self.account,
            "transaction_id": self.transaction_id,
            "visible_at": self.visible_at.isoformat(),
            "lone_object": self.lone_object,
            "reference_as_number": self.reference_as_number,
            "keep_leading_zeros": self.keep_leading_zeros,
        }


def tail_of(reference: str) -> str:
    return reference[-TAIL:].zfill(TAIL)


def read_movement(raw: Json, *, account: str, now: dt.datetime) -> Movement:
    """Write down a movement from a control's JSON.

    :raises Refused: a field is missing, odd or unknown.
    """
    given = _with_required(read_object(raw, known=FIELDS, name="movement"))
    kind = _read_kind(given)
    bank = _read_bank(given)
    direction = _read_type(given)
    local = now.astimezone(CARACAS)
    return Movement(
        id=uuid.uuid4().hex[:12],
        reference=read_digits(given["reference"], "reference", shortest=1, longest=20),
        amount=read_amount(given["amount"], "amount"),
        date=read_date(given.get("date") or local.date().isoformat(), "date"),
        time=read_time(given.get("time") or local.strftime("%H:%M:%S"), "time"),
        kind=kind,
        type=direction,
        payer_phone=_read_payer_phone(given, kind, direction),
        payer_bank=bank,
        concept=read_text(given.get("concept") or _concept(kind, bank), "concept"),
        currency=read_text(given.get("currency") or "Bs", "currency", longest=3),
        account=_read_account(given, account),
        transaction_id=read_text(given.get("transaction_id") or "", "transaction_id"),
        visible_at=_read_visible_at(given, now),
        lone_object=_read_quirk(given, "lone_object"),
        reference_as_number=_read_reference_as_number(given, kind, bank),
        keep_leading_zeros=_read_quirk(given, "keep_leading_zeros"),
    )


def restore_movement(raw: Json) -> Movement:
    """Read back what `as_json` wrote into the state file.

    :raises Refused: the file holds something else.
    """
    if not isinstance(raw, dict):
        raise Refused("", "A stored movement is a JSON object.")
    given = dict(raw)
    kept_id = read_text(given.pop("id", None), "id")
    visible_at = dt.datetime.fromisoformat(
        read_text(given.pop("visible_at", None), "visible_at")
    )
    movement = read_movement(given, account="", now=visible_at)
    return replace(movement, id=kept_id, visible_at=visible_at)


def _with_required(given: dict[str, Json]) -> dict[str, Json]:
    for field in ("reference", "amount"):
        if field not in given:
            raise Refused(field, f"A movement needs its {field}.")
    return given


def _read_visible_at(given: dict[str, Json], now: dt.datetime) -> dt.datetime:
    wait = given.get("visible_after_seconds") or 0
    seconds = read_seconds(wait, "visible_after_seconds", high=86_400)
    return now + dt.timedelta(seconds=seconds)


def _read_quirk(given: dict[str, Json], field: str) -> bool:
    return read_flag(given.get(field, False), field)


def _read_kind(given: dict[str, Json]) -> Kind:
    """The kind named; without a name, a payer's phone means a pago móvil."""
    raw = given.get("kind")
    if raw is None:
        return Kind.MOBILE_PAYMENT if given.get("payer_phone") else Kind.TRANSFER
    kind = ALIASES.get(str(raw).lower())
    if kind is None:
        names = "MOBILE_PAYMENT, TRANSFER, pago_movil, mobile, transfer, interbank"
        raise Refused("kind", f"kind must be one of {names}.")
    bank = str(given.get("payer_bank") or OUR_BANK).zfill(4)
    if str(raw).lower() == "interbank" and bank == OUR_BANK:
        raise Refused("payer_bank", "An interbank transfer needs another payer_bank.")
    return kind


def _read_bank(given: dict[str, Json]) -> str:
    raw = given.get("payer_bank") or OUR_BANK
    return read_digits(raw, "payer_bank", shortest=3, longest=4).zfill(4)


def _read_type(given: dict[str, Json]) -> str:
    direction = str(given.get("type") or "CR").upper()
    if direction not in ("CR", "DB"):
        raise Refused("type", "type must be CR (money in) or DB (money out).")
    return direction


def _read_payer_phone(given: dict[str, Json], kind: Kind, direction: str) -> str:
    """A commission (DB) may lack a phone: it rides along with its payment."""
    raw = given.get("payer_phone")
    if not raw and (kind is Kind.TRANSFER or direction == "DB"):
        return ""
    return read_phone(raw, "payer_phone")


def _read_account(given: dict[str, Json], ours: str) -> str:
    raw = given.get("account") or ours
    return read_digits(raw, "account", shortest=20, longest=20)


def _read_reference_as_number(given: dict[str, Json], kind: Kind, bank: str) -> bool:
    """References come as text or as numbers (§3); interbank rows play the latter."""
    default = kind is Kind.TRANSFER and bank != OUR_BANK
    return read_flag(given.get("reference_as_number", default), "reference_as_number")


def _concept(kind: Kind, bank: str) -> str:
    """§3 quotes the first two; the interbank wording is ours."""
    if kind is Kind.MOBILE_PAYMENT:
        return "Banesco Pago Movil"
    if bank == OUR_BANK:
        return "TRANS.CTAS. A TERCEROS BANESCO"
    return "TRANSFERENCIA DE OTROS BANCOS"
