"""`/api/v1/ledger/entries…`: entries of many legs, and what takes one back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.errors import InvalidInput
from areamedica.permissions import Permission
from ledger.api.bodies import EntryBody, ReverseBody
from ledger.api.serializers import GroupOut, TransferOut
from ledger.api.transfers import POSTING
from ledger.api.views import Read, named
from ledger.errors import (
    EntryNotFound,
    ExceedsOriginal,
    MalformedPosting,
    NotReversible,
    UnpostableAmount,
)
from ledger.models import Transfer
from ledger.services.legs import book_entry, is_entry, transfers_of
from ledger.services.reversal import reverse, reverse_entry

ENTRY = PolymorphicProxySerializer(
    component_name="TransferOrGroupOut",
    serializers=[TransferOut, GroupOut],
    resource_type_field_name=None,
)


def _shown(entry: UUID, transfers: Sequence[Transfer]) -> dict[str, Any]:
    """A transfer of this key, or what the legs of an entry were booked as."""
    shown: list[dict[str, Any]] = [TransferOut(each).data for each in transfers]
    if len(shown) == 1 and not is_entry(transfers[0]):
        return shown[0]
    return {"id": str(entry), "transfers": shown}


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
            actor = actor_of(request)
            booked, is_new = book_entry(
                debits=body.side("debit"),
                credits_=body.side("credit"),
                like=body.like(actor),
                actor=actor,
                is_dated="effective" in body.validated_data,
            )
            shown = _shown(body.validated_data["key"], booked)
            return Response(shown, status=201 if is_new else 200)

        return answer_once(request, write=write)


class OneEntry(Read):
    @refuses(EntryNotFound)
    @extend_schema(responses=ENTRY, operation_id="ledger_entries_retrieve")
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """One transfer with both its accounts and its cause, or all of an entry's."""
        key = named(id, EntryNotFound)
        return Response(_shown(key, _found(key)))


def _found(key: UUID) -> list[Transfer]:
    """:raises EntryNotFound:"""
    if found := transfers_of(key):
        return found
    raise EntryNotFound


class Reverse(Api):
    permission_classes = (needs(Permission.LEDGER_POST),)
    lookup_says = "the UUID"

    @refuses(
        *ONCE, *POSTING, EntryNotFound, NotReversible, ExceedsOriginal, UnpostableAmount
    )
    @extend_schema(
        request=ReverseBody,
        responses={201: ENTRY, 200: ENTRY},
        operation_id="ledger_entries_reverse",
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Take a transfer back, wholly or in part, by one the other way round; or all
        that is left of an entry of many legs."""
        body = ReverseBody(data=request.data)
        body.is_valid(raise_exception=True)
        original, key = named(id, EntryNotFound), body.validated_data["key"]

        def write() -> Response:
            back, is_new = _taken_back(
                original, actor_of(request), **body.validated_data
            )
            return Response(_shown(key, back), status=201 if is_new else 200)

        return answer_once(request, write=write)


def _taken_back(
    original: UUID, actor: User, **given: Any
) -> tuple[list[Transfer], bool]:
    """:raises EntryNotFound: and whatever `reverse` raises."""
    now = timezone.now()
    if len(_found(original)) == 1:
        back, is_new = reverse(original=original, actor=actor, now=now, **given)
        return [back], is_new
    if given.pop("amount") is not None:
        why = _("An entry of many legs is taken back whole, or transfer by transfer.")
        raise InvalidInput(fields={"amount": [why]})
    return reverse_entry(entry=original, actor=actor, now=now, **given)
