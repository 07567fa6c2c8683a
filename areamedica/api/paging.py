"""One list contract for two clients: pages, limit and offset, or a cursor (api.md)."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from areamedica.errors import InvalidInput

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
EXACT_TOTAL = 10_000
_LARGEST_OFFSET = 10_000_000
_PARAMETERS = {
    "page": "from 1",
    "size": f"rows of a page, at most {LARGEST_SIZE}",
    "page_size": "the same as `size`",
    "limit": "the same as `size`, with `offset`",
    "offset": "rows to skip",
    "cursor": "empty to start, then `next_cursor`; constant cost at any depth",
}


def _whole(request: Request, names: Sequence[str], default: int, least: int) -> int:
    """The first of `names` in the query. :raises InvalidInput: not a whole number."""
    for name in names:
        raw = request.query_params.get(name)
        if raw is None or raw == "":
            continue
        if not (raw.isascii() and raw.isdigit()) or len(raw) > 9 or int(raw) < least:
            raise InvalidInput(fields={name: [f"≥ {least}"]})
        return min(int(raw), _LARGEST_OFFSET)
    return default


def total_of(queryset: QuerySet[Any]) -> tuple[int, bool]:
    """How many rows, and whether that is an estimate: exact up to 10,000.

    Counting a million rows costs more than the page; past 10,000 the planner's own
    estimate is close enough to draw a pager.
    """
    counted = queryset.order_by()[: EXACT_TOTAL + 1].count()
    if counted <= EXACT_TOTAL:
        return counted, False
    plan = json.loads(queryset.order_by().explain(format="json"))
    return max(int(plan[0]["Plan"]["Plan Rows"]), counted), True


def _encode(created_at: datetime, pk: UUID) -> str:
    raw = f"{created_at.isoformat()}|{pk}".encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, UUID]:
    """:raises InvalidInput: not a cursor of ours."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, pk = raw.partition("|")
        created_at = datetime.fromisoformat(moment)
        # A moment without a zone is not ours; PostgreSQL would guess one.
        return created_at.astimezone(UTC), UUID(pk)
    except (ValueError, binascii.Error) as error:
        raise InvalidInput(fields={"cursor": ["?"]}) from error


class Pages(BasePagination):
    """Newest first by cursor, or any order by page; see `api.md`, "Lists"."""

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.cursor = request.query_params.get("cursor")
        if self.cursor is not None:
            return self._after_cursor(queryset, request)
        self.limit = min(
            _whole(request, ("limit", "size", "page_size"), DEFAULT_SIZE, 1),
            LARGEST_SIZE,
        )
        if "offset" in request.query_params or "limit" in request.query_params:
            self.offset = _whole(request, ("offset",), 0, 0)
        else:
            page = _whole(request, ("page",), 1, 1)
            self.offset = min((page - 1) * self.limit, _LARGEST_OFFSET)
        self.total, self.is_estimate = total_of(queryset)
        return list(queryset[self.offset : self.offset + self.limit])

    def _after_cursor(self, queryset: QuerySet[Any], request: Request) -> list[Any]:
        if request.query_params.get("sort"):
            raise InvalidInput(fields={"sort": ["cursor"]})
        size = min(
            _whole(request, ("limit", "size", "page_size"), DEFAULT_SIZE, 1),
            LARGEST_SIZE,
        )
        queryset = queryset.order_by("-created_at", "-pk")
        if self.cursor:
            moment, pk = _decode(self.cursor)
            # The first condition is the index's; the second breaks ties.
            queryset = queryset.filter(
                Q(created_at__lt=moment) | Q(pk__lt=pk), created_at__lte=moment
            )
        rows = list(queryset[: size + 1])
        more = len(rows) > size
        rows = rows[:size]
        self.next_cursor = (
            _encode(rows[-1].created_at, rows[-1].pk) if more and rows else None
        )
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        if self.cursor is not None:
            return Response({"items": data, "next_cursor": self.next_cursor})
        body = {
            "items": data,
            "total": self.total,
            "page": self.offset // self.limit + 1,
            "size": self.limit,
            "pages": -(-self.total // self.limit),
            "limit": self.limit,
            "offset": self.offset,
        }
        if self.is_estimate:
            body["total_is_estimate"] = True
        return Response(body)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        whole = {"type": "integer"}
        return {
            "type": "object",
            "required": ["items"],
            "properties": {
                "items": schema,
                **dict.fromkeys(
                    ("total", "page", "size", "pages", "limit", "offset"), whole
                ),
                "total_is_estimate": {"type": "boolean"},
                "next_cursor": {"type": ["string", "null"]},
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "query",
                "description": says,
                "schema": {"type": "string" if name == "cursor" else "integer"},
            }
            for name, says in _PARAMETERS.items()
        ]
