"""`/api/v1/ledger/accounts…`: the accounts, what is booked there, what stops it."""

from collections.abc import Callable

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.permissions import Permission
from ledger.api.bodies import AccountBody, WhyBody
from ledger.api.serializers import (
    AccountOut,
    AccountQuery,
    AccountsOut,
    BalanceOut,
    EntryOut,
    HistoryOut,
    HistoryQuery,
)
from ledger.api.views import Read, ReadOrPost, named
from ledger.errors import (
    AccountClosed,
    AccountNotFound,
    NoSuchHeading,
    NotClosable,
    OpenedOtherwise,
    UnpostableAmount,
)
from ledger.models import Account
from ledger.services import reading
from ledger.services.accounts import close, freeze, open_account, release

_ACCOUNTS = Account.objects.select_related("closure")


class Accounts(ReadOrPost):
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
        rows = _ACCOUNTS.order_by("code").filter(
            code__gt=asked.get("after", ""),
            **({"code": asked["code"]} if "code" in asked else {}),
        )
        page = list(rows[: asked["limit"] + 1])
        shown = page[: asked["limit"]]
        after = shown[-1].code if len(page) > len(shown) else None
        return Response(
            {"items": AccountOut(shown, many=True).data, "next_after": after}
        )

    @refuses(*ONCE, NoSuchHeading, OpenedOtherwise, UnpostableAmount)
    @extend_schema(
        request=AccountBody,
        responses={201: AccountOut, 200: AccountOut},
        operation_id="ledger_accounts_create",
    )
    def post(self, request: Request) -> HttpResponse:
        """Open an account of an owner's; one that is open already answers 200."""
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
        found = _ACCOUNTS.filter(pk=named(id, AccountNotFound)).first()
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


class _Stop(Api):
    """Let nothing move on an account, or everything again; answers its balance."""

    permission_classes = (needs(Permission.LEDGER_POST),)
    lookup_says = "the UUID"

    def stop(
        self, request: Request, raw: str, change: Callable[..., None]
    ) -> HttpResponse:
        body = WhyBody(data=request.data)
        body.is_valid(raise_exception=True)
        account = named(raw, AccountNotFound)

        def write() -> Response:
            change(account_id=account, actor=actor_of(request), **body.validated_data)
            return Response(BalanceOut(reading.balance_of(account)).data)

        return answer_once(request, write=write)


class Freeze(_Stop):
    @refuses(*ONCE, AccountNotFound)
    @extend_schema(
        request=WhyBody,
        responses=BalanceOut,
        operation_id="ledger_accounts_freeze",
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Let nothing move on the account until it is released."""
        return self.stop(request, id, freeze)


class Release(_Stop):
    @refuses(*ONCE, AccountNotFound, AccountClosed)
    @extend_schema(
        request=WhyBody,
        responses=BalanceOut,
        operation_id="ledger_accounts_release",
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Let a frozen account move again."""
        return self.stop(request, id, release)


class Close(_Stop):
    @refuses(*ONCE, AccountNotFound, NotClosable)
    @extend_schema(
        request=WhyBody,
        responses=BalanceOut,
        operation_id="ledger_accounts_close",
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 (the contract's)
        """Close an owner's empty account for good."""
        return self.stop(request, id, close)
