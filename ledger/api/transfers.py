"""`POST /api/v1/ledger/transfers…`: move money, once."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.visitors import actor_of
from areamedica.api.idempotency import Write, answer_once
from areamedica.api.parsing import ManyRowsParser
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.clock import caracas_day
from areamedica.errors import InvalidInput
from areamedica.permissions import Permission
from ledger.api.bodies import BatchBody, BatchOut, TransferBody
from ledger.api.rows import BadRow, Rows, whole_groups
from ledger.api.serializers import TransferOut
from ledger.errors import (
    AboveCeiling,
    AccountClosed,
    AccountFrozen,
    BalanceTooLarge,
    BatchTooLarge,
    InsufficientFunds,
    OtherCurrency,
    PeriodClosed,
    PostingKeyReused,
    UnknownAccount,
)
from ledger.services.posting import LARGEST_BATCH, Outcome, Posting
from ledger.services.transfers import book, book_one

POSTING = (
    PostingKeyReused,
    UnknownAccount,
    OtherCurrency,
    AccountClosed,
    AccountFrozen,
    PeriodClosed,
    InsufficientFunds,
    AboveCeiling,
    BalanceTooLarge,
)
"""What any single transfer may be refused for."""
Readings = Sequence[Posting | BadRow]


def _read(request: Request, rows: Sequence[object]) -> Readings:
    reader = Rows(actor_of(request).pk, caracas_day(timezone.now()))
    return reader.read(rows)


class Transfers(Api):
    permission_classes = (needs(Permission.LEDGER_POST),)

    @refuses(*ONCE, *POSTING)
    @extend_schema(
        request=TransferBody,
        responses={201: TransferOut, 200: TransferOut},
        operation_id="ledger_transfers_create",
    )
    def post(self, request: Request) -> HttpResponse:
        """Move money between two accounts; the same key and content answers 200."""
        [wanted] = _read(request, [request.data])
        if isinstance(wanted, BadRow):
            raise InvalidInput(fields={wanted.name or "body": [str(wanted.why)]})

        def write() -> Response:
            booked, is_new = book_one(posting=wanted, actor=actor_of(request))
            return Response(TransferOut(booked).data, status=201 if is_new else 200)

        return _once(request, write)


class TransferBatch(Api):
    permission_classes = (needs(Permission.LEDGER_POST),)
    parser_classes = (ManyRowsParser,)

    @refuses(*ONCE, BatchTooLarge, BalanceTooLarge)
    @extend_schema(
        request=BatchBody, responses=BatchOut, operation_id="ledger_transfers_batch"
    )
    def post(self, request: Request) -> HttpResponse:
        """Up to 8,000 transfers in their order, each with an outcome of its own.

        Of those that are tied together all are booked or none is. Everything that is
        booked is booked at once: after a timeout send the same again.
        """
        read = _read(request, _rows_of(request.data))

        def write() -> Response:
            results = _booked(request, read)
            counts = Counter(each["outcome"] for each in results)
            return Response({"results": results, "counts": counts})

        return _once(request, write)


def _once(request: Request, write: Write) -> HttpResponse:
    """A transfer's own key makes it once. Only who sends an Idempotency-Key as well
    keeps the accounts locked until his answer is written out and stored."""
    if "Idempotency-Key" in request.headers:
        return answer_once(request, write=write)
    return write()


def _rows_of(body: object) -> Sequence[object]:
    """:raises InvalidInput: not `{"transfers": […]}`. :raises BatchTooLarge:"""
    rows = body.get("transfers") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(rows, list) or not rows:
        raise InvalidInput(fields={"transfers": [f"[{{…}}, …] (1–{LARGEST_BATCH})"]})
    if len(rows) > LARGEST_BATCH:
        raise BatchTooLarge(limit=LARGEST_BATCH)
    return rows


def _booked(request: Request, read: Readings) -> list[dict[str, Any]]:
    """Post what can be; what became of each row, by its place."""
    places = whole_groups(read)
    postings = [each for place in places if isinstance(each := read[place], Posting)]
    outcomes = book(postings=postings, actor=actor_of(request))
    became = dict(zip(places, outcomes, strict=True))
    return [
        _told(place, each, became.get(place, Outcome.LINKED_FAILED))
        for place, each in enumerate(read)
    ]


def _told(place: int, row: Posting | BadRow, outcome: Outcome) -> dict[str, Any]:
    if isinstance(row, BadRow):
        why = {"field": row.name, "why": str(row.why)}
        return {"index": place, "outcome": "malformed", **why}
    return {"index": place, "outcome": outcome.value}
