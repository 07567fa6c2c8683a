"""Banesco's answers and what they mean: every code to its outcome.

Pure. The envelope speaks before the HTTP status (facts/banks-and-front-end.md §3).
"""

import re
from dataclasses import dataclass

import structlog

from banking.gateways.banesco.rows import UnreadableRow, read_row
from banking.gateways.base import Direction, Movement
from banking.gateways.http import Reply
from banking.gateways.strict_json import Node, UnreadableJson, parse
from banking.reading import TROUBLES, Outcome, Reading
from banking.references import same_reference

NO_ROWS: tuple[Movement, ...] = ()
FOUND, MISSING, TOO_WIDE = "200", "70001", "70005"

CODES = {
    MISSING: Outcome.MISSING,
    TOO_WIDE: Outcome.DOWN,
    "400": Outcome.MALFORMED,
    "VRN01": Outcome.CREDENTIALS,
    "401": Outcome.CREDENTIALS,
    "403": Outcome.CREDENTIALS,
    "VRN04": Outcome.MAINTENANCE,
    "CRT503": Outcome.MAINTENANCE,
    "VRN05": Outcome.RATE_LIMITED,
    "429": Outcome.RATE_LIMITED,
    "VRN06": Outcome.DOWN,
    "204": Outcome.DOWN,
    "409": Outcome.DOWN,
    "422": Outcome.DOWN,
    "424": Outcome.DOWN,
    "500": Outcome.DOWN,
    "502": Outcome.DOWN,
    "503": Outcome.DOWN,
    "504": Outcome.TIMEOUT,
}
"""By the envelope's status code. The VDE family is in `_outcome_of`."""

STATUSES = {
    204: Outcome.DOWN,
    401: Outcome.CREDENTIALS,
    403: Outcome.CREDENTIALS,
    404: Outcome.MISCONFIGURED,
    408: Outcome.TIMEOUT,
    409: Outcome.DOWN,
    422: Outcome.DOWN,
    424: Outcome.DOWN,
    429: Outcome.RATE_LIMITED,
    504: Outcome.TIMEOUT,
}
"""By the HTTP status, where the body is not the envelope: mostly 3scale's own words."""

_CODE = re.compile(r"[A-Z0-9]{1,10}", re.ASCII)
_BAD_FIELD = re.compile(r"VDE[0-9]+", re.ASCII)

logger = structlog.get_logger(__name__)


class UnreadableEnvelope(ValueError):
    """The body is not `httpStatus` and `dataResponse`."""


@dataclass(frozen=True)
class Asked:
    """What the answer must fit: the claimed reference and our own RIF."""

    reference: str
    rif: str


def read_reply(reply: Reply, asked: Asked) -> Reading:
    """Read one reply; never raises, whatever the bank sends."""
    try:
        code, details = _open_envelope(reply.text)
    except (UnreadableEnvelope, UnreadableJson):
        outcome, movements = _outcome_by_status(reply.status), NO_ROWS
        code = f"HTTP {reply.status}"
    else:
        outcome, movements = _outcome_of(code, details, asked)
    return Reading(
        outcome=outcome,
        code=code,
        movements=movements,
        http_status=reply.status,
        body=reply.text,
        retry_after=reply.retry_after,
        fair=code != TOO_WIDE,
    )


def read_refusal(reply: Reply) -> Reading:
    """Read a reply that brings no rows whatever it says: the token endpoint's.

    Its body is not kept: it may echo our secret.
    """
    try:
        code, _ = _open_envelope(reply.text)
        outcome = CODES.get(code, Outcome.UNREADABLE)
    except (UnreadableEnvelope, UnreadableJson):
        code, outcome = f"HTTP {reply.status}", _outcome_by_status(reply.status)
    return Reading(
        outcome=outcome if outcome in TROUBLES else Outcome.UNREADABLE,
        code=code,
        http_status=reply.status,
        retry_after=reply.retry_after,
    )


def _open_envelope(text: str) -> tuple[str, Node]:
    """The status code, trimmed and upper-cased, and the payload.

    It arrives as text or number, sometimes padded.
    """
    body = parse(text)
    status = body.get("httpStatus") if isinstance(body, dict) else None
    code = status.get("statusCode") if isinstance(status, dict) else None
    if not isinstance(body, dict) or not isinstance(code, str):
        raise UnreadableEnvelope
    code = code.strip().upper()
    if not _CODE.fullmatch(code):
        raise UnreadableEnvelope
    return code, body.get("dataResponse")


def _outcome_by_status(status: int) -> Outcome:
    if status in STATUSES:
        return STATUSES[status]
    if 300 <= status < 400:
        return Outcome.MISCONFIGURED  # a redirect: not the address of the bank
    return Outcome.DOWN if status >= 500 else Outcome.UNREADABLE


def _outcome_of(
    code: str, details: Node, asked: Asked
) -> tuple[Outcome, tuple[Movement, ...]]:
    if code == FOUND:
        return _find(details, asked)
    if _BAD_FIELD.fullmatch(code):
        return Outcome.MALFORMED, NO_ROWS
    if code not in CODES:
        logger.error("bank.unknown_code", code=code)
    return CODES.get(code, Outcome.UNREADABLE), NO_ROWS


def _find(details: Node, asked: Asked) -> tuple[Outcome, tuple[Movement, ...]]:
    """All rows or none: one that cannot be read makes the reply unreadable."""
    try:
        rows = [read_row(row) for row in _list_rows(details)]
    except (UnreadableRow, RecursionError) as error:
        logger.error("bank.unreadable_row", field=str(error))  # noqa: TRY400
        return Outcome.UNREADABLE, NO_ROWS
    fitting = tuple(row for row in rows if _fits(row, asked))
    if any(row.direction is Direction.CREDIT for row in fitting):
        return Outcome.FOUND, fitting
    return Outcome.MISSING, NO_ROWS


def _list_rows(details: Node) -> list[Node]:
    """A list, a lone object, or nothing at all.

    :raises UnreadableRow: something else.
    """
    if details is None:
        return []
    rows = details.get("transactionDetail") if isinstance(details, dict) else details
    if rows is None:
        return []
    if isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list) or rows is details:
        raise UnreadableRow("transactionDetail")
    return rows


def _fits(row: Movement, asked: Asked) -> bool:
    """Whether the row bears the reference asked for and is the clinic's own."""
    if not same_reference(asked.reference, row.reference):
        return False
    ours, theirs = _compact(asked.rif), _compact(row.beneficiary)
    if ours and theirs and ours != theirs:
        logger.warning("bank.row_of_another_beneficiary")
        return False
    return True


def _compact(rif: str) -> str:
    return re.sub("[^A-Z0-9]", "", rif.upper())
