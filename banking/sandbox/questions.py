"""What the bank is asked, and which movements answer it (fact sheet §2)."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from banking.sandbox.book import Book
from banking.sandbox.movements import OUR_BANK, TAIL, Kind, Movement
from banking.sandbox.options import Flavour
from banking.sandbox.wire import Json

DEVICE = ("type", "description", "ipAddress")
WIDEST_RANGE = dt.timedelta(days=30)
MOST_ROWS = 100


class BadQuestion(Exception):
    """The bank refuses the question itself, with one of its codes."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Modality(StrEnum):
    MOBILE = "mobile"
    INTERNAL = "internal"
    INTERBANK = "interbank"
    RANGE = "range"


@dataclass(frozen=True)
class Question:
    """The transaction block; a null or blank field counts as left out."""

    reference: str
    account: str
    bank: str
    phone: str
    start: dt.date | None
    end: dt.date | None
    named: frozenset[str]
    filled: frozenset[str]

    @property
    def modality(self) -> Modality:
        if not self.reference:
            return Modality.RANGE
        if self.phone:
            return Modality.MOBILE
        if self.bank in ("", OUR_BANK):
            return Modality.INTERNAL
        return Modality.INTERBANK


SHAPES: Mapping[Modality, tuple[frozenset[str], ...]] = {
    Modality.MOBILE: (frozenset({"bankId", "startDt", "phoneNum"}),),
    # The bare second shape was seen to work in QA (fact sheet §2).
    Modality.INTERNAL: (frozenset({"accountId", "bankId"}), frozenset()),
    Modality.INTERBANK: (frozenset({"accountId", "bankId", "startDt"}),),
    Modality.RANGE: (frozenset({"accountId", "startDt", "endDt"}),),
}
"""The manual's shapes: what is filled in beside the reference."""

W_FIELDS = frozenset(
    {"referenceNumber", "accountId", "amount", "startDt", "phoneNum", "bankId"}
)
"""The shape W sends in production, whatever the modality (disagreement 1)."""


def read_question(body: Json) -> Question:
    """Unwrap the envelope and read its transaction block.

    :raises BadQuestion: VDE01 something is missing, VDE02 something is malformed,
        400 the account is masked.
    """
    envelope = _block(body, "dataRequest")
    device = _block(envelope, "device")
    for field in DEVICE:
        if not isinstance(device.get(field), str):
            raise BadQuestion("VDE01", f"Campo obligatorio ausente: {field}")
    block = _block(envelope, "transaction")
    question = Question(
        reference=_read_reference(block),
        account=_read_account(block),
        bank=_text(block, "bankId"),
        phone=_read_phone(block),
        start=_read_day(block, "startDt"),
        end=_read_day(block, "endDt"),
        named=frozenset(block),
        filled=frozenset(name for name in block if block[name] not in (None, "")),
    )
    _check_amount(block)
    _check_range(question)
    return question


def fits(question: Question, flavour: Flavour) -> bool:
    """Say whether the bank looks at all: the wrong shape is a silent miss (§2)."""
    beside = question.filled - {"referenceNumber", "amount"}
    if beside in SHAPES[question.modality]:
        return True
    return flavour is Flavour.PRODUCTION and _fits_production(question, beside)


def find(question: Question, book: Book, now: dt.datetime) -> list[Movement]:
    """The movements a well-shaped question finds; the amount is never compared."""
    if question.modality is Modality.RANGE:
        rows = [row for row in book.visible(now) if _is_in_range(row, question)]
        return sorted(rows, key=lambda row: (row.date, row.time))
    candidates = book.ending_in(question.reference, now)
    found = [row for row in candidates if MATCH[question.modality](row, question)]
    return [row for row in candidates if row in found or _rides_along(row, found)]


def _fits_production(question: Question, beside: frozenset[str]) -> bool:
    known = beside & (W_FIELDS | {"endDt"})
    if "endDt" in known and question.end == question.start:
        known -= {"endDt"}  # P sends endDt = startDt for a single payment (§2).
    if known in SHAPES[question.modality]:
        return True
    wanted = {"accountId", "startDt", "bankId"}
    if question.modality is Modality.MOBILE:
        wanted.add("phoneNum")
    return known == wanted and question.named >= W_FIELDS


def _is_mobile_match(row: Movement, question: Question) -> bool:
    return (
        row.kind is Kind.MOBILE_PAYMENT
        and question.reference == row.tail
        and question.bank == row.payer_bank
        and question.phone == row.payer_phone
        and question.start == row.date
        and question.account in ("", row.account)
    )


def _is_internal_match(row: Movement, question: Question) -> bool:
    """Whole reference; leading zeros come and go between receipt and books (§3)."""
    return (
        row.kind is Kind.TRANSFER
        and not row.is_interbank
        and question.reference.lstrip("0") == row.reference.lstrip("0")
        and question.account in ("", row.account)
        and question.start in (None, row.date)
    )


def _is_interbank_match(row: Movement, question: Question) -> bool:
    return (
        row.is_interbank
        and len(question.reference) == TAIL
        and question.reference == row.tail
        and question.bank == row.payer_bank
        and question.account == row.account
        and question.start == row.date
    )


MATCH = {
    Modality.MOBILE: _is_mobile_match,
    Modality.INTERNAL: _is_internal_match,
    Modality.INTERBANK: _is_interbank_match,
}


def _rides_along(row: Movement, found: list[Movement]) -> bool:
    """A payment's commission shares its reference and comes with it (§3)."""
    return row.type == "DB" and any(
        (row.reference, row.date, row.account)
        == (payment.reference, payment.date, payment.account)
        for payment in found
    )


def _is_in_range(row: Movement, question: Question) -> bool:
    if question.start is None or question.end is None:
        return False
    is_ours = row.account == question.account
    return is_ours and question.start <= row.date <= question.end


def _check_range(question: Question) -> None:
    if question.modality is not Modality.RANGE:
        return
    if not question.account or question.start is None or question.end is None:
        raise BadQuestion("VDE01", "Campo obligatorio ausente: referenceNumber")
    if question.end < question.start:
        raise BadQuestion("VDE02", "Formato invalido: endDt")


def _block(outer: Json, name: str) -> dict[str, Json]:
    inner = outer.get(name) if isinstance(outer, dict) else None
    if not isinstance(inner, dict):
        raise BadQuestion("VDE01", f"Campo obligatorio ausente: {name}")
    return inner


def _text(block: dict[str, Json], field: str) -> str:
    value = block.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadQuestion("VDE02", f"Formato invalido: {field}")
    return value


def _read_reference(block: dict[str, Json]) -> str:
    if block.get("referenceNumber") is None:
        raise BadQuestion("VDE01", "Campo obligatorio ausente: referenceNumber")
    reference = _text(block, "referenceNumber")
    if not re.fullmatch(r"[0-9]*", reference):
        raise BadQuestion("VDE02", "Formato invalido: referenceNumber")
    return reference


def _read_account(block: dict[str, Json]) -> str:
    account = _text(block, "accountId")
    if "*" in account:
        raise BadQuestion("400", "Cuenta invalida")  # seen live: §1
    if not re.fullmatch(r"([0-9]{20})?", account):
        raise BadQuestion("VDE02", "Formato invalido: accountId")
    return account


def _read_phone(block: dict[str, Json]) -> str:
    """Twelve digits; a plus sign passes here and then matches nothing (§2)."""
    phone = _text(block, "phoneNum")
    if not re.fullmatch(r"(\+[0-9]{10,13}|[0-9]{12})?", phone):
        raise BadQuestion("VDE02", "Formato invalido: phoneNum")
    return phone


def _read_day(block: dict[str, Json], field: str) -> dt.date | None:
    text = _text(block, field)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise BadQuestion("VDE02", f"Formato invalido: {field}")
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise BadQuestion("VDE02", f"Formato invalido: {field}") from error


def _check_amount(block: dict[str, Json]) -> None:
    """A number or null (§2); its value is never looked at."""
    amount = block.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float | None):
        raise BadQuestion("VDE02", "Formato invalido: amount")
