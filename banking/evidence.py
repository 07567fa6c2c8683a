"""Traces of our questions as the bank's desk asks for them, redacted.

Banesco wants evidence of traffic before it gives production credentials (§2). Who paid
stays with us: of a row only what finds it again is shown.
"""

import json
from collections.abc import Mapping

from banking.masking import mask, mask_numbers
from banking.models import BankQuestion

SHOWN_CHARACTERS = 2_000

_SHOWN_FIELDS = frozenset(
    {
        "httpStatus",
        "statusCode",
        "dataResponse",
        "transactionDetail",
        "status",
        "details",
        "amount",
        "currencyCode",
        "trnDate",
        "trnTime",
        "trnType",
        "sourceBankId",
        "destBankId",
    }
)


def trace(asked: BankQuestion) -> dict[str, object]:
    """One question and its answer, fit to leave the house."""
    return {
        "session_id": asked.pk.hex,
        "asked_at": asked.asked_at.isoformat(),
        "finished_at": asked.finished_at.isoformat() if asked.finished_at else None,
        "latency_ms": asked.latency_ms,
        "modality": asked.modality,
        "shape": asked.shape,
        "request": asked.request,
        "http_status": asked.http_status,
        "code": asked.code,
        "outcome": asked.outcome,
        "answer": _redact(asked.answer),
    }


def _redact(answer: str) -> object:
    try:
        return _redact_node(json.loads(answer), field="")
    except (ValueError, RecursionError):
        return mask_numbers(answer[:SHOWN_CHARACTERS])


def _redact_node(node: object, *, field: str) -> object:
    if isinstance(node, Mapping):
        return {name: _redact_node(inner, field=name) for name, inner in node.items()}
    if isinstance(node, list):
        return [_redact_node(inner, field=field) for inner in node]
    if field == "statusDesc":
        return mask_numbers(str(node))
    if node is None or field in _SHOWN_FIELDS:
        return node
    return mask(str(node).strip())
