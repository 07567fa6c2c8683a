"""`/api/v1/ledger/holds…`: keep money free first, then post it or let it go."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.database import database_now
from areamedica.permissions import Permission
from ledger.api.bodies import HoldBody, PostHoldBody, WhyBody
from ledger.api.serializers import HoldOut, HoldQuery, HoldsOut, TransferOut
from ledger.api.transfers import POSTING
from ledger.api.views import Read, ReadOrPost, named
from ledger.errors import (
    AccountNotFound,
    ExceedsOriginal,
    HoldEnded,
    HoldExpired,
    HoldNotFound,
    MalformedPosting,
    UnpostableAmount,
)
from ledger.models import Hold
from ledger.services import holds, reading


def _hold(pk: UUID) -> Hold:
    """:raises HoldNotFound:"""
    found = Hold.objects.select_related("debit", "end").filter(pk=pk).first()
    if found is None:
        raise HoldNotFound
    return found


class Move(Api):
    permission_classes = (needs(Permission.LEDGER_POST),)
    lookup_says = "the UUID"


class Holds(ReadOrPost):
    @refuses(AccountNotFound, HoldNotFound)
    @extend_schema(
        parameters=[HoldQuery],
        responses=HoldsOut,
        operation_id="ledger_holds_list",
    )
    def get(self, request: Request) -> Response:
        """What is held of an account's money, or for it; the first to expire first."""
        query = HoldQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        limit = asked["limit"]
        page = holds.open_holds(
            reading.balance_of(asked["account_id"]).pk,
            now=timezone.now(),
            after=asked.get("after"),
            limit=limit + 1,
        )
        shown = page[:limit]
        after = str(shown[-1].pk) if len(page) > limit else None
        return Response({"items": HoldOut(shown, many=True).data, "next_after": after})

    @refuses(*ONCE, *POSTING, HoldExpired, MalformedPosting, UnpostableAmount)
    @extend_schema(
        request=HoldBody,
        responses={201: HoldOut, 200: HoldOut},
        operation_id="ledger_holds_create",
    )
    def post(self, request: Request) -> HttpResponse:
        """Keep an amount free, until it expires, on each account it would shrink."""
        body = HoldBody(data=request.data)
        body.is_valid(raise_exception=True)

        def write() -> Response:
            asked, actor = body.validated_data, actor_of(request)
            held, is_new = holds.hold(
                posting=body.posting(actor),
                expires_at=asked["expires_at"],
                actor=actor,
                now=database_now(),
                is_dated="effective" in asked,
            )
            return Response(HoldOut(held).data, status=201 if is_new else 200)

        return answer_once(request, write=write)


class OneHold(Read):
    @refuses(HoldNotFound)
    @extend_schema(responses=HoldOut, operation_id="ledger_holds_retrieve")
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """One hold, and how it ended."""
        return Response(HoldOut(_hold(named(id, HoldNotFound))).data)


class PostHold(Move):
    @refuses(
        *ONCE, *POSTING, HoldNotFound, HoldEnded, HoldExpired, ExceedsOriginal,
        UnpostableAmount,
    )  # fmt: skip
    @extend_schema(
        request=PostHoldBody,
        responses={201: TransferOut, 200: TransferOut},
        operation_id="ledger_holds_post",
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Book what is held, or less of it; the rest is free again."""
        body = PostHoldBody(data=request.data)
        body.is_valid(raise_exception=True)
        pk = named(id, HoldNotFound)

        def write() -> Response:
            booked, is_new = holds.post_hold(
                hold=pk,
                actor=actor_of(request),
                now=database_now(),
                **body.validated_data,
            )
            return Response(TransferOut(booked).data, status=201 if is_new else 200)

        return answer_once(request, write=write)


class VoidHold(Move):
    @refuses(*ONCE, HoldNotFound, HoldEnded)
    @extend_schema(request=WhyBody, responses=HoldOut, operation_id="ledger_holds_void")
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Let go of what is held; once is as good as twice."""
        body = WhyBody(data=request.data)
        body.is_valid(raise_exception=True)
        pk = named(id, HoldNotFound)

        def write() -> Response:
            holds.void_hold(
                hold=pk,
                actor=actor_of(request),
                now=database_now(),
                **body.validated_data,
            )
            return Response(HoldOut(_hold(pk)).data)

        return answer_once(request, write=write)
