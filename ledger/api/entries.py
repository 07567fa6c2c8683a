"""`POST /api/v1/ledger/entries…`: entries of many legs, and what takes one back."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.permissions import Permission
from ledger.api.bodies import EntryBody, ReverseBody
from ledger.api.serializers import GroupOut, TransferOut
from ledger.api.transfers import POSTING
from ledger.api.views import named
from ledger.errors import (
    EntryNotFound,
    ExceedsOriginal,
    MalformedPosting,
    NotReversible,
    UnpostableAmount,
)
from ledger.models import Transfer
from ledger.services.legs import legs
from ledger.services.posting import BOOKED, REFUSED, Outcome, Posting
from ledger.services.reversal import reverse
from ledger.services.transfers import book


class Entries(Api):
    permission_classes = (needs(Permission.LEDGER_POST),)

    @refuses(*ONCE, *POSTING, MalformedPosting, UnpostableAmount)
    @extend_schema(
        request=EntryBody,
        responses={201: GroupOut, 200: GroupOut},
        operation_id="ledger_entries_create",
    )
    def post(self, request: Request) -> HttpResponse:
        """Book debits and credits of one sum as transfers, all of them or none."""
        body = EntryBody(data=request.data)
        body.is_valid(raise_exception=True)

        def write() -> Response:
            group = _group(body, actor_of(request))
            outcomes = book(postings=group, actor=actor_of(request))
            _refuse_failed(outcomes)
            shown = {"id": str(body.validated_data["key"]), "transfers": _shown(group)}
            return Response(shown, status=201 if Outcome.POSTED in outcomes else 200)

        return answer_once(request, write=write)


def _group(body: EntryBody, actor: User) -> list[Posting]:
    """What the legs are booked as; sent again without a day, on the day it has."""
    group = legs(
        debits=body.side("debit"),
        credits_=body.side("credit"),
        like=body.like(actor, None),
    )
    before = Transfer.objects.filter(pk=group[0].key).first()
    if before is None or "effective" in body.validated_data:
        return group
    return [replace(each, effective=before.effective) for each in group]


def _refuse_failed(outcomes: list[Outcome]) -> None:
    """A group fails by one of its own; the others only by being tied to it."""
    for outcome in outcomes:
        if outcome not in BOOKED and outcome is not Outcome.LINKED_FAILED:
            raise REFUSED[outcome]


def _shown(group: list[Posting]) -> list[Any]:
    booked = Transfer.objects.select_related("debit")
    found = booked.in_bulk([each.key for each in group])
    return [TransferOut(found[each.key]).data for each in group]


class Reverse(Api):
    permission_classes = (needs(Permission.LEDGER_POST),)
    lookup_says = "the UUID"

    @refuses(
        *ONCE, *POSTING, EntryNotFound, NotReversible, ExceedsOriginal, UnpostableAmount
    )
    @extend_schema(
        request=ReverseBody,
        responses={201: TransferOut, 200: TransferOut},
        operation_id="ledger_entries_reverse",
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Take a transfer back, wholly or in part, by one the other way round."""
        body = ReverseBody(data=request.data)
        body.is_valid(raise_exception=True)
        original = named(id, EntryNotFound)

        def write() -> Response:
            known = Transfer.objects.filter(
                pk__in=(original, body.validated_data["key"])
            )
            there = set(known.values_list("pk", flat=True))
            if original not in there:
                raise EntryNotFound
            booked = reverse(
                original=original,
                actor=actor_of(request),
                now=timezone.now(),
                **body.validated_data,
            )
            is_new = booked.pk not in there
            return Response(TransferOut(booked).data, status=201 if is_new else 200)

        return answer_once(request, write=write)
