"""`/api/v1/profile…` for oneself and `/api/v1/users…` for who manages users."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.filters import Users
from accounts.api.serializers import (
    CreateUserBody,
    PasswordBody,
    ProfileBody,
    UpdateUserBody,
    UserOut,
    UserStatsOut,
)
from accounts.api.views import password_rules_told
from accounts.errors import (
    EmailTaken,
    InvalidPassword,
    LastSuperuser,
    SelfGrant,
    SuperuserOnly,
    UserNotFound,
)
from accounts.models import User
from accounts.services import people, rights
from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.views import Api, needs
from areamedica.permissions import Permission


class Profile(Api):
    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=UserOut, operation_id="profile")
    def get(self, request: Request) -> Response:
        """One's own data."""
        return Response(UserOut(request.user).data)

    @refuses(*ONCE)
    @extend_schema(
        request=ProfileBody, responses=UserOut, operation_id="profile_update"
    )
    def put(self, request: Request) -> HttpResponse:
        """Change one's own name, phone or document."""
        body = ProfileBody(data=request.data)
        body.is_valid(raise_exception=True)

        def write() -> Response:
            user = actor_of(request)
            people.describe(actor=user, user=user, changes=body.validated_data)
            return Response(UserOut(User.objects.get(pk=user.pk)).data)

        return answer_once(request, write=write)


class OwnPassword(Api):
    permission_classes = (IsAuthenticated,)

    @refuses(*ONCE, InvalidPassword)
    @extend_schema(
        request=PasswordBody, responses={204: None}, operation_id="profile_password"
    )
    def put(self, request: Request) -> HttpResponse:
        """Every sign-in of the user ends, this one too."""
        body = PasswordBody(data=request.data)
        body.is_valid(raise_exception=True)

        def write() -> Response:
            user = actor_of(request)
            if not user.check_password(body.validated_data["current_password"]):
                raise InvalidPassword
            with password_rules_told():
                people.change_password(
                    actor=user, user=user, password=body.validated_data["password"]
                )
            return Response(status=204)

        return answer_once(request, write=write)


class UserViewSet(
    Api,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[User],
):
    """People, for who manages them; nobody is ever removed from the tables."""

    queryset = User.objects.people()
    serializer_class = UserOut
    filterset_class = Users
    lookup_value_converter = "str"
    lookup_url_kwarg = "id"
    lookup_says = "the person's UUID"
    permission_classes = (needs(Permission.USER_MANAGE),)

    def get_queryset(self) -> QuerySet[User]:
        everybody = User.objects.people().with_rights()
        rows: QuerySet[User] = everybody.order_by("-created_at", "-pk")
        return rows

    def get_object(self) -> User:
        """:raises UserNotFound: no such person."""
        try:
            found = self.get_queryset().filter(pk=UUID(self.kwargs["id"])).first()
        except ValueError:
            found = None
        if found is None:
            raise UserNotFound
        return found

    @refuses(UserNotFound)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One person."""
        return super().retrieve(request, *args, **kwargs)

    @refuses(*ONCE, EmailTaken)
    @extend_schema(request=CreateUserBody, responses={201: UserOut})
    def create(self, request: Request) -> HttpResponse:
        """Open an account in a role that may no more than oneself."""
        body = CreateUserBody(data=request.data)
        body.is_valid(raise_exception=True)
        facts = body.validated_data

        def write() -> Response:
            with password_rules_told():
                user = people.create_user(
                    actor=actor_of(request),
                    email=facts["email"],
                    full_name=facts["full_name"],
                    role=facts["role"],
                    password=facts["password"],
                )
            return Response(UserOut(user).data, status=201)

        return answer_once(request, write=write)

    @refuses(*ONCE, UserNotFound, SuperuserOnly, SelfGrant, LastSuperuser)
    @extend_schema(request=UpdateUserBody, responses=UserOut)
    def update(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Change what is sent; a new role needs a superuser and a reason."""
        body = UpdateUserBody(data=request.data)
        body.is_valid(raise_exception=True)

        def write() -> Response:
            self._apply(actor_of(request), self.get_object(), dict(body.validated_data))
            return Response(UserOut(self.get_object()).data)

        return answer_once(request, write=write)

    def _apply(self, actor: User, user: User, changes: dict[str, Any]) -> None:
        role, reason = changes.pop("role", None), changes.pop("reason", "")
        is_active = changes.pop("is_active", user.is_active)
        if changes:
            people.describe(actor=actor, user=user, changes=changes)
        if role is not None and role != user.role:
            rights.change_role(actor=actor, user=user, role=role, reason=reason)
        if is_active and not user.is_active:
            people.reactivate(actor=actor, user=user)
        elif user.is_active and not is_active:
            people.deactivate(actor=actor, user=user)

    @refuses(*ONCE, UserNotFound, SelfGrant, LastSuperuser)
    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """Close the account; its sign-ins end at once."""

        def write() -> Response:
            people.deactivate(actor=actor_of(request), user=self.get_object())
            return Response(status=204)

        return answer_once(request, write=write)

    @extend_schema(responses=UserStatsOut, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def stats(self, request: Request) -> Response:
        """How many accounts there are."""
        counted = User.objects.people().aggregate(
            total_users=Count("pk"),
            active_users=Count("pk", filter=Q(is_active=True)),
            admin_users=Count("pk", filter=Q(role__name="admin")),
            suspended_users=Count("pk", filter=Q(is_active=False)),
        )
        return Response(counted)
