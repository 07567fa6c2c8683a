"""`/api/v1/ledger/…`: the books read, and accounts opened in them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.errors import Refusal
from areamedica.permissions import Permission
from ledger.api.bodies import AccountBody
from ledger.api.serializers import (
    AccountOut,
    AccountQuery,
    AccountsOut,
    EntryOut,
    HistoryOut,
    HistoryQuery,
    TransferOut,
)
from ledger.errors import AccountNotFound, EntryNotFound, NoSuchHeading
from ledger.models import Account, Transfer
from ledger.services import reading
from ledger.services.accounts import open_account


def named(raw: str, missing: type[Refusal]) -> UUID:
    """What is no UUID names nothing: `missing` is raised."""
    try:
        return UUID(raw)
    except ValueError as error:
        raise missing from error


class Read(Api):
    permission_classes = (needs(Permission.LEDGER_READ),)
    lookup_says = "the UUID"


class Accounts(Read):
    def get_permissions(self) -> Sequence[Any]:
        if self.request.method == "POST":
            return [needs(Permission.LEDGER_POST)()]
        return super().get_permissions()

    @extend_schema(
        parameters=[AccountQuery],
        responses=AccountsOut,
        operation_id="ledger_accounts_list",
    )
    def get(self, request: Request) -> Response:
        """The accounts, by code."""
        query = AccountQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        rows = Account.objects.order_by("code").filter(
            code__gt=asked.get("after", ""),
            **({"code": asked["code"]} if "code" in asked else {}),
        )
        page = list(rows[: asked["limit"] + 1])
        shown = page[: asked["limit"]]
        after = shown[-1].code if len(page) > len(shown) else None
        return Response(
            {"items": AccountOut(shown, many=True).data, "next_after": after}
        )

    @refuses(*ONCE, NoSuchHeading)
    @extend_schema(
        request=AccountBody,
        responses={201: AccountOut, 200: AccountOut},
        operation_id="ledger_accounts_create",
    )
    def post(self, request: Request) -> HttpResponse:
        """Open an account of a customer's; one that is open already answers 200."""
        body = AccountBody(data=request.data)
        body.is_valid(raise_exception=True)

        def write() -> Response:
            account, is_new = open_account(
                actor=actor_of(request), **body.validated_data
            )
            return Response(AccountOut(account).data, status=201 if is_new else 200)

        return answer_once(request, write=write)


class OneAccount(Read):
    @refuses(AccountNotFound)
    @extend_schema(responses=AccountOut, operation_id="ledger_accounts_retrieve")
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """One account."""
        found = Account.objects.filter(pk=named(id, AccountNotFound)).first()
        if found is None:
            raise AccountNotFound
        return Response(AccountOut(found).data)


class AccountHistory(Read):
    @refuses(AccountNotFound)
    @extend_schema(
        parameters=[HistoryQuery],
        responses=HistoryOut,
        operation_id="ledger_accounts_history",
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """The account's entries, newest first; constant cost at any depth."""
        query = HistoryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        account = named(id, AccountNotFound)
        legs = reading.history(account, **query.validated_data)
        more = bool(legs) and legs[-1].seq > 1
        return Response(
            {
                "items": EntryOut(legs, many=True).data,
                "next_before": legs[-1].seq if more else None,
            }
        )


class OneTransfer(Read):
    @refuses(EntryNotFound)
    @extend_schema(responses=TransferOut, operation_id="ledger_entries_retrieve")
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """One transfer with both its accounts and its cause."""
        key = named(id, EntryNotFound)
        found = Transfer.objects.select_related("debit").filter(pk=key).first()
        if found is None:
            raise EntryNotFound
        return Response(TransferOut(found).data)
