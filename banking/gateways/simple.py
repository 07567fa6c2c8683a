"""The seed's own contract: `GET {API_URL}/transactions/{id}` with a bearer key.

200 brings the payload, 404 means none, 429 slow down (requirements AM-44 to AM-51).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from areamedica.money import BOLIVAR
from banking import configuration
from banking.gateways.banesco.rows import UnreadableRow, read_row
from banking.gateways.base import (
    Answer,
    Direction,
    Found,
    Missing,
    Modality,
    Movement,
    Question,
)
from banking.gateways.http import Reply, fetch
from banking.gateways.strict_json import Node, UnreadableJson, parse
from banking.reading import BankModality, Outcome, Reading, Unanswered
from banking.references import same_reference
from banking.resilience.deadline import Deadline
from banking.resilience.line import Line

SHAPE = "by-id"
COMPLETED = "COMPLETED"
NO_ROWS: tuple[Movement, ...] = ()

STATUSES = {
    401: Outcome.CREDENTIALS,
    403: Outcome.CREDENTIALS,
    404: Outcome.MISSING,
    408: Outcome.TIMEOUT,
    429: Outcome.RATE_LIMITED,
    504: Outcome.TIMEOUT,
}


@dataclass(frozen=True)
class Lookup:
    """The question about one payment, by our public id."""

    question: Question

    shape = SHAPE

    @property
    def modality(self) -> BankModality:
        return modality_of(self.question)

    def masked(self) -> Mapping[str, object]:
        return {"id": self.question.public_id}

    def prepare(self, deadline: Deadline) -> None:
        """Nothing to get: the key does not change."""

    def send(self, *, correlation: uuid.UUID, deadline: Deadline) -> Reading:
        bank = configuration.bank()
        name = quote(self.question.public_id, safe="")
        try:
            reply = fetch(
                "GET",
                f"{bank.api_url.rstrip('/')}/transactions/{name}",
                deadline=deadline,
                headers={
                    "Authorization": f"Bearer {bank.api_key}",
                    "X-Request-ID": correlation.hex,
                },
            )
        except Unanswered as error:
            return error.reading
        return read_reply(reply, self.question)


class Simple:
    """Asks once and by id; there is no other shape to try."""

    bank = "simple"

    def modality_of(self, question: Question) -> BankModality:
        return modality_of(question)

    def find_payment(self, question: Question, line: Line) -> Answer:
        """Ask once. :raises BankUnavailable: no answer."""
        reading = line.ask(Lookup(question))
        if reading.outcome is Outcome.FOUND:
            return Found(reading.movements, SHAPE)
        return Missing()


def modality_of(question: Question) -> BankModality:
    """This contract knows one kind of transfer."""
    if question.modality is Modality.MOBILE_PAYMENT:
        return BankModality.MOBILE_PAYMENT
    return BankModality.INTERNAL_TRANSFER


def read_reply(reply: Reply, question: Question) -> Reading:
    """Read one reply: a completed credit under the reference asked, or none."""
    outcome, movements = STATUSES.get(reply.status, Outcome.DOWN), NO_ROWS
    if reply.status == 200:
        outcome, movements = _read_payload(reply.text, question)
    return Reading(
        outcome=outcome,
        code=f"HTTP {reply.status}",
        movements=movements,
        http_status=reply.status,
        body=reply.text,
        retry_after=reply.retry_after,
    )


def _read_payload(
    text: str, question: Question
) -> tuple[Outcome, tuple[Movement, ...]]:
    try:
        payload = parse(text)
        details = _completed(payload)
        movement = read_row(_assumed(question) | details) if details else None
    except (UnreadableJson, UnreadableRow, RecursionError):
        return Outcome.UNREADABLE, NO_ROWS
    if movement is None or not _is_ours(movement, question):
        return Outcome.MISSING, NO_ROWS
    shown = {name: value for name, value in movement.raw.items() if name in details}
    return Outcome.FOUND, (replace(movement, raw=shown),)


def _completed(payload: Node) -> dict[str, Node]:
    """The facts of a completed payment; empty while it is not.

    :raises UnreadableRow: not the contract's payload.
    """
    if not isinstance(payload, dict) or type(payload.get("status")) is not str:
        raise UnreadableRow("status")
    if payload["status"] != COMPLETED:
        return {}
    details = payload.get("details")
    if not isinstance(details, dict) or not details:
        raise UnreadableRow("details")
    return details


def _assumed(question: Question) -> dict[str, Node]:
    """What the contract may leave out: it was asked by id, so it answers our claim.

    Its sample holds nothing but an amount. That is never assumed.
    """
    return {
        "referenceNumber": question.reference,
        "currencyCode": BOLIVAR,
        "trnDate": question.day.isoformat(),
        "trnType": Direction.CREDIT.value,
    }


def _is_ours(movement: Movement, question: Question) -> bool:
    is_credit = movement.direction is Direction.CREDIT
    return is_credit and same_reference(question.reference, movement.reference)
