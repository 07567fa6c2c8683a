"""`POST /api/v1/ledger/accounts/{id}/…`: freeze an account, release it, close it."""

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
from ledger.api.bodies import WhyBody
from ledger.api.serializers import BalanceOut
from ledger.api.views import named
from ledger.errors import AccountClosed, AccountNotFound, NotClosable
from ledger.services import reading
from ledger.services.accounts import close, freeze, release


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
        """Close a customer's empty account for good."""
        return self.stop(request, id, close)
