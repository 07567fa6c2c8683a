"""`/api/v1/transactions…`: translate, and make one domain call each."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.services.access import note_view
from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.errors import InvalidInput
from areamedica.permissions import Permission
from banking.gateways.base import BankUnavailable, Patience, Trouble
from ledger.errors import (
    AccountFrozen,
    BalanceTooLarge,
    PeriodClosed,
    PostingKeyReused,
    UnknownAccount,
)
from transactions import receipt
from transactions.api.filters import Transactions
from transactions.api.serializers import (
    ApproveBody,
    EventOut,
    FullReferenceBody,
    PartialReferenceBody,
    ReasonBody,
    ReopenBody,
    StatusOut,
    TransactionBody,
    TransactionOut,
)
from transactions.errors import (
    AskedTooOften,
    ChooseCredit,
    CompletedIsKept,
    CreditAlreadyUsed,
    DuplicateReference,
    InvalidTransition,
    NoBankRecord,
    NothingToRefresh,
    NotYours,
    SecondPersonNeeded,
    SelfDecision,
    TransactionIdReused,
    TransactionNotFound,
)
from transactions.models import Transaction
from transactions.services import review, verify, withdraw
from transactions.services.submit import submit
from transactions.states import OPEN

_MOST_IN_BULK = 100
_RECORDED = {201: TransactionOut, 200: TransactionOut}  # 200: the same claim again
_DECIDING = (TransactionNotFound, SelfDecision, InvalidTransition)
_PAYING = (NoBankRecord, ChooseCredit, CreditAlreadyUsed, SecondPersonNeeded)
# The books' own: somebody else's transfer has the key of this one; an account of the
# clinic; a month closed this very moment.
_BOOKING = (
    PostingKeyReused,
    UnknownAccount,
    PeriodClosed,
    AccountFrozen,
    BalanceTooLarge,
)

NEEDED = {
    "list": Permission.TRANSACTION_READ,
    "retrieve": Permission.TRANSACTION_READ,
    "status_now": Permission.TRANSACTION_READ,
    "events": Permission.TRANSACTION_READ,
    "receipt": Permission.TRANSACTION_READ,
    "create": Permission.TRANSACTION_CREATE,
    "full_reference": Permission.TRANSACTION_CREATE,
    "partial_reference": Permission.TRANSACTION_CREATE,
    "refresh": Permission.TRANSACTION_UPDATE,
    "withdraw": Permission.TRANSACTION_UPDATE,
    "approve": Permission.TRANSACTION_REVIEW,
    "reject": Permission.TRANSACTION_REVIEW,
    "reopen": Permission.TRANSACTION_REVIEW,
    "destroy": Permission.TRANSACTION_DELETE,
    "bulk_delete": Permission.TRANSACTION_DELETE,
}


class TransactionViewSet(
    Api,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Transaction],
):
    """Payment claims: recorded, asked about, reviewed, never removed."""

    queryset = Transaction.objects.present()
    serializer_class = TransactionOut
    filterset_class = Transactions
    lookup_value_converter = "str"
    lookup_url_kwarg = "id"
    lookup_says = "the UUID, or the client's own `transaction_id`"

    def get_permissions(self) -> Sequence[Any]:
        permission = NEEDED.get(self.action or "")
        return [needs(permission)()] if permission else super().get_permissions()

    def get_object(self) -> Transaction:
        """By UUID or by the client's own id. :raises TransactionNotFound:"""
        found = Transaction.objects.present().named(self.kwargs["id"])
        transaction = found.select_related("inquiry").first()
        if transaction is None:
            raise TransactionNotFound
        return transaction

    def _looked_at(self) -> Transaction:
        """As above, for whoever will read a patient's name. :raises as above:"""
        transaction = self.get_object()
        note_view(actor_id=self.actor.pk, subject=("transaction", transaction.pk))
        return transaction

    @refuses(TransactionNotFound)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One transaction, by UUID or by the client's own id."""
        transaction = self._looked_at()
        return Response(self.get_serializer(transaction).data)

    @property
    def actor(self) -> User:
        return actor_of(self.request)

    @refuses(*ONCE, DuplicateReference, TransactionIdReused)
    @extend_schema(request=TransactionBody, responses=_RECORDED)
    def create(self, request: Request) -> HttpResponse:
        """Record a claim under the client's own id; the same body again answers 200."""
        return self._record(request, TransactionBody)

    @refuses(*ONCE, DuplicateReference)
    @extend_schema(request=FullReferenceBody, responses=_RECORDED)
    @action(detail=False, methods=["post"], url_path="full-reference")
    def full_reference(self, request: Request) -> HttpResponse:
        """Record a bank transfer."""
        return self._record(request, FullReferenceBody)

    @refuses(*ONCE, DuplicateReference)
    @extend_schema(request=PartialReferenceBody, responses=_RECORDED)
    @action(detail=False, methods=["post"], url_path="partial-reference")
    def partial_reference(self, request: Request) -> HttpResponse:
        """Record a pago móvil."""
        return self._record(request, PartialReferenceBody)

    def _record(
        self,
        request: Request,
        form: type[TransactionBody | FullReferenceBody | PartialReferenceBody],
    ) -> HttpResponse:
        body = form(data=request.data)
        body.is_valid(raise_exception=True)

        fresh: list[UUID] = []

        def write() -> Response:
            submitted = submit(
                author=self.actor, claim=body.claim(), now=timezone.now()
            )
            if submitted.is_new:
                fresh.append(submitted.transaction.pk)
            return Response(
                TransactionOut(submitted.transaction).data,
                status=201 if submitted.is_new else 200,
            )

        def follow_up(response: Response) -> Response:
            return _ask_quickly(response, fresh)

        return answer_once(request, write=write, follow_up=follow_up)

    @refuses(TransactionNotFound)
    @extend_schema(responses=StatusOut)
    @action(detail=True, methods=["get"], url_path="status")
    def status_now(self, request: Request, id: str) -> Response:  # noqa: A002
        """The state now; asks the bank first if that is allowed and useful."""
        transaction = self.get_object()
        if transaction.status in OPEN and settings.QUICK_QUESTION_SECONDS:
            verify.ask_if_useful(transaction_id=transaction.pk)
            transaction = self.get_object()
        return Response(StatusOut(transaction).data)

    @refuses(TransactionNotFound, NothingToRefresh, AskedTooOften)
    @extend_schema(request=None, responses={200: TransactionOut, 202: TransactionOut})
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Ask the bank now; 202 while it still has not shown the money."""
        transaction = self.get_object()
        if transaction.status not in OPEN:
            raise NothingToRefresh(status=transaction.status)
        silence = verify.ask_bank(
            transaction_id=transaction.pk, patience=Patience.QUICK, is_urgent=True
        )
        _refuse_if_spent(silence)
        transaction = self.get_object()
        return Response(
            TransactionOut(transaction).data,
            status=202 if transaction.status in OPEN else 200,
        )

    @refuses(TransactionNotFound)
    @extend_schema(responses=EventOut(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def events(self, request: Request, id: str) -> Response:  # noqa: A002
        """What happened, oldest first."""
        events = self.get_object().events.select_related("note_key")
        return Response(EventOut(events, many=True).data)

    @refuses(TransactionNotFound)
    @extend_schema(responses={(200, "application/pdf"): bytes})
    @action(detail=True, methods=["get"])
    def receipt(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """The receipt to print."""
        pdf = receipt.pdf(self._looked_at())
        return HttpResponse(pdf, content_type="application/pdf")

    @refuses(*ONCE, *_DECIDING, *_PAYING, *_BOOKING)
    @extend_schema(request=ApproveBody, responses=TransactionOut)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Accept the bank's credit although it differs from the claim; it is booked.

        A day in a closed month is booked on the first open one, and what is for a
        frozen account of a patient as unnamed credit.
        """
        return self._for_a_reason(request, ApproveBody, review.approve)

    @refuses(*ONCE, *_DECIDING)
    @extend_schema(request=ReasonBody, responses=TransactionOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Refuse the claim for good."""
        return self._for_a_reason(request, ReasonBody, review.reject)

    @refuses(*ONCE, *_DECIDING, DuplicateReference)
    @extend_schema(request=ReopenBody, responses=TransactionOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Set the data right and ask the bank again."""
        body = ReopenBody(data=request.data)
        body.is_valid(raise_exception=True)

        def reopen(pk: UUID) -> None:
            review.reopen(
                transaction_id=pk,
                actor=self.actor,
                reason=body.validated_data["reason"],
                correction=body.correction(),
            )

        return self._change(request, reopen, asks_again=True)

    @refuses(*ONCE, TransactionNotFound, NotYours, InvalidTransition)
    @extend_schema(request=ReasonBody, responses=TransactionOut)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Give up a claim that still waits for the bank."""
        return self._for_a_reason(request, ReasonBody, withdraw.withdraw)

    def _for_a_reason(
        self,
        request: Request,
        form: type[ReasonBody],
        decide: Callable[..., Transaction],
    ) -> HttpResponse:
        """Call a service that takes the fields of `form` beside who decides what."""
        body = form(data=request.data)
        body.is_valid(raise_exception=True)
        return self._change(
            request,
            lambda pk: decide(
                transaction_id=pk, actor=self.actor, **body.validated_data
            ),
        )

    def _change(
        self,
        request: Request,
        change: Callable[[UUID], object],
        *,
        asks_again: bool = False,
    ) -> HttpResponse:
        fresh: list[UUID] = []

        def write() -> Response:
            pk = self.get_object().pk
            change(pk)
            if asks_again:
                fresh.append(pk)
            return Response(TransactionOut(self.get_object()).data)

        def follow_up(response: Response) -> Response:
            return _ask_quickly(response, fresh)

        return answer_once(request, write=write, follow_up=follow_up)

    @refuses(*ONCE, TransactionNotFound, CompletedIsKept)
    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Hide a transaction; never one that is completed."""

        def write() -> Response:
            withdraw.delete(transaction_ids=[self.get_object().pk], actor=self.actor)
            return Response(status=204)

        return answer_once(request, write=write)

    @refuses(*ONCE, TransactionNotFound, CompletedIsKept)
    @extend_schema(
        request=serializers.ListSerializer(child=serializers.CharField()),
        responses={204: None},
        filters=False,
        examples=[OpenApiExample("example", value="CAJA-1-000123")],
    )
    @action(detail=False, methods=["post"], url_path="bulk-delete")
    def bulk_delete(self, request: Request) -> HttpResponse:
        """All of them or none; a bare array of ids (the manager front end's form)."""
        names = request.data
        if (
            not isinstance(names, list)
            or not 1 <= len(names) <= _MOST_IN_BULK
            or not all(isinstance(name, str) for name in names)
        ):
            raise InvalidInput(fields={"body": [f'["id", …] (1–{_MOST_IN_BULK})']})

        def write() -> Response:
            ids = [self._pk_of(name) for name in names]
            withdraw.delete(transaction_ids=ids, actor=self.actor)
            return Response(status=204)

        return answer_once(request, write=write)

    def _pk_of(self, name: str) -> UUID:
        found: QuerySet[Any] = Transaction.objects.present().named(name)
        pk: UUID | None = found.values_list("pk", flat=True).first()
        if pk is None:
            raise TransactionNotFound(transaction_id=name)
        return pk


def _ask_quickly(response: Response, fresh: list[UUID]) -> Response:
    """One short question, so that whoever waits usually reads the verdict at once."""
    if settings.QUICK_QUESTION_SECONDS:
        for pk in fresh:
            verify.ask_bank(transaction_id=pk, patience=Patience.QUICK, is_urgent=True)
            response.data = TransactionOut(Transaction.objects.get(pk=pk)).data
    return response


def _refuse_if_spent(silence: BankUnavailable | None) -> None:
    """:raises AskedTooOften: our own budget, not the bank, kept us from asking."""
    if silence is None or silence.trouble is not Trouble.BUDGET_SPENT:
        return
    wait = timedelta(seconds=30)
    if silence.retry_at is not None:
        wait = silence.retry_at - timezone.now()
    raise AskedTooOften(retry_after=wait)
