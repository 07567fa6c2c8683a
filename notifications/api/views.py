"""`/api/v1/webhooks…`: who is told what, and what became of it."""

import re
from typing import Any
from uuid import UUID

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
from notifications.api.serializers import (
    DeliveriesOut,
    DeliveriesQuery,
    DeliveryOut,
    IssuedOut,
    ReplayedOut,
    WebhookBody,
    WebhookChange,
    WebhookOut,
    WebhooksOut,
)
from notifications.errors import (
    DeliveryNotFound,
    NotDead,
    UnsafeAddress,
    WebhookDisabled,
    WebhookNotFound,
)
from notifications.models import Delivery, Endpoint
from notifications.services import deliveries, endpoints

_NUMBER = re.compile("[0-9]{1,18}", re.ASCII)
_STATES: dict[str, dict[str, Any]] = {
    "waiting": {"delivered_at": None, "dead_at": None},
    "delivered": {"delivered_at__isnull": False},
    "dead": {"dead_at__isnull": False},
}


class Managed(Api):
    permission_classes = (needs(Permission.WEBHOOK_MANAGE),)
    lookup_says = "the UUID; of a delivery its number"

    @property
    def actor(self) -> User:
        return actor_of(self.request)

    def pk(self) -> UUID:
        """What is no UUID names nothing. :raises WebhookNotFound:"""
        try:
            return UUID(self.kwargs["id"])
        except ValueError as error:
            raise WebhookNotFound from error

    def webhook(self) -> Endpoint:
        """:raises WebhookNotFound:"""
        found = Endpoint.objects.filter(pk=self.pk()).first()
        if found is None:
            raise WebhookNotFound
        return found

    def issue(self, make: Any, *, status: int) -> HttpResponse:  # noqa: ANN401 (a service with its arguments)
        """Answer with a new secret; what is kept for a replay has none."""
        fresh: list[str] = []

        def write() -> Response:
            issued = make()
            fresh.append(issued.secret)
            told = {**WebhookOut(issued.endpoint).data, "secret": None}
            return Response(told, status=status)

        answer = answer_once(self.request, write=write)
        if fresh and isinstance(answer, Response):
            answer.data["secret"] = fresh[0]
        return answer


class Webhooks(Managed):
    @extend_schema(responses=WebhooksOut, operation_id="webhooks_list")
    def get(self, request: Request) -> Response:
        """Every webhook, the oldest first."""
        rows = WebhookOut(Endpoint.objects.all(), many=True).data
        return Response({"items": rows})

    @refuses(*ONCE, UnsafeAddress)
    @extend_schema(
        request=WebhookBody, responses={201: IssuedOut}, operation_id="webhooks_create"
    )
    def post(self, request: Request) -> HttpResponse:
        """Have an address told of events; its secret is in this answer alone."""
        body = WebhookBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        return self.issue(
            lambda: endpoints.create(actor=self.actor, **asked), status=201
        )


class OneWebhook(Managed):
    @refuses(WebhookNotFound)
    @extend_schema(responses=WebhookOut, operation_id="webhooks_retrieve")
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """One webhook."""
        return Response(WebhookOut(self.webhook()).data)

    @refuses(*ONCE, WebhookNotFound, UnsafeAddress)
    @extend_schema(
        request=WebhookChange, responses=WebhookOut, operation_id="webhooks_change"
    )
    def patch(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Change what is named; `is_enabled` disables it or enables it again."""
        body = WebhookChange(data=request.data)
        body.is_valid(raise_exception=True)
        return answer_once(request, write=lambda: self._change(**body.validated_data))

    def _change(self, *, is_enabled: bool | None = None, **named: Any) -> Response:  # noqa: ANN401
        found = self.webhook()
        if named:
            kept = ("name", "url", "event_types")
            whole = {each: named.get(each, getattr(found, each)) for each in kept}
            endpoints.change(actor=self.actor, pk=found.pk, **whole)
        if is_enabled is not None and is_enabled != found.is_enabled:
            switch = endpoints.enable if is_enabled else endpoints.disable
            switch(actor=self.actor, pk=found.pk)
        return Response(WebhookOut(self.webhook()).data)

    @refuses(*ONCE, WebhookNotFound)
    @extend_schema(responses={204: None}, operation_id="webhooks_delete")
    def delete(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Forget it, its secret and its deliveries."""

        def write() -> Response:
            endpoints.delete(actor=self.actor, pk=self.pk())
            return Response(status=204)

        return answer_once(request, write=write)


class Rotate(Managed):
    @refuses(*ONCE, WebhookNotFound)
    @extend_schema(
        request=None, responses=IssuedOut, operation_id="webhooks_rotate_secret"
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """A new secret; for 24 hours the old one signs as well."""
        return self.issue(
            lambda: endpoints.rotate(actor=self.actor, pk=self.pk()), status=200
        )


class SendTest(Managed):
    @refuses(*ONCE, WebhookNotFound, WebhookDisabled)
    @extend_schema(
        request=None, responses={202: DeliveryOut}, operation_id="webhooks_test"
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Have an event of the type `webhook.test` sent."""

        def write() -> Response:
            row = deliveries.send_test(
                actor=self.actor, pk=self.pk(), now=timezone.now()
            )
            return Response(_told(row), status=202)

        return answer_once(request, write=write)


class Deliveries(Managed):
    @refuses(WebhookNotFound)
    @extend_schema(
        parameters=[DeliveriesQuery],
        responses=DeliveriesOut,
        operation_id="webhooks_deliveries",
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        """What was sent or waits to be, the newest first."""
        query = DeliveriesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        rows = Delivery.objects.filter(
            endpoint=self.webhook(),
            pk__lt=asked.get("before", 2**63 - 1),
            **_STATES.get(asked.get("state", ""), {}),
        )
        page = list(rows.order_by("-pk")[: asked["limit"] + 1])
        shown = page[: asked["limit"]]
        before = shown[-1].pk if len(page) > len(shown) else None
        items = DeliveryOut(shown, many=True).data
        return Response({"items": items, "next_before": before})


class ReplayOne(Managed):
    @refuses(*ONCE, WebhookNotFound, DeliveryNotFound, WebhookDisabled, NotDead)
    @extend_schema(
        request=None, responses={202: DeliveryOut}, operation_id="webhooks_replay"
    )
    def post(self, request: Request, id: str, delivery_id: str) -> HttpResponse:  # noqa: A002
        """Send a dead letter again, for three days more."""
        if not _NUMBER.fullmatch(delivery_id):
            raise DeliveryNotFound
        number = int(delivery_id)

        def write() -> Response:
            row = deliveries.replay(actor=self.actor, pk=self.pk(), delivery_id=number)
            return Response(_told(row), status=202)

        return answer_once(request, write=write)


class ReplayAll(Managed):
    @refuses(*ONCE, WebhookNotFound, WebhookDisabled)
    @extend_schema(
        request=None, responses={202: ReplayedOut}, operation_id="webhooks_replay_all"
    )
    def post(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Send all dead letters of the webhook again, in their order."""

        def write() -> Response:
            number = deliveries.replay_all(actor=self.actor, pk=self.pk())
            return Response({"replayed": number}, status=202)

        return answer_once(request, write=write)


def _told(row: Delivery) -> Any:  # noqa: ANN401 (DRF's)
    row.refresh_from_db()
    return DeliveryOut(row).data
