"""`/api/v1/auth/…`: translate, and call one service each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import roles
from accounts.api.serializers import (
    RefreshBody,
    RegisterBody,
    SecondStepBody,
    SignedInOut,
    SignInBody,
    TokensOut,
    UserOut,
)
from accounts.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidSecondFactor,
    InvalidToken,
    RegistrationClosed,
    SecondFactorEnrolmentRequired,
    SecondFactorRequired,
    SecondStepLocked,
    TokenRevoked,
    TooManyAttempts,
)
from accounts.models import Role, User
from accounts.services import people
from accounts.services.sign_in import (
    Tokens,
    finish_sign_in,
    refresh,
    sign_in,
    sign_out,
)
from areamedica.api.schema import refuses
from areamedica.api.throttling import SignInLimit
from areamedica.api.views import Api
from areamedica.errors import InvalidInput

_SECOND = (SecondFactorRequired, SecondFactorEnrolmentRequired, SecondStepLocked)


@contextmanager
def password_rules_told() -> Iterator[None]:
    """Turn a broken password rule into the refusal that names the field."""
    try:
        yield
    except ValidationError as error:
        raise InvalidInput(fields={"password": error.messages}) from error


def _signed_in(user: User, tokens: Tokens) -> Response:
    return Response({**asdict(tokens), "user": UserOut(user).data})


class SignIn(Api):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignInLimit,)

    @refuses(InvalidCredentials, TooManyAttempts, *_SECOND)
    @extend_schema(request=SignInBody, responses=SignedInOut, operation_id="login")
    def post(self, request: Request) -> Response:
        """Sign in with e-mail and password; at most five wrong tries per address."""
        body = SignInBody(data=request.data)
        body.is_valid(raise_exception=True)
        user, tokens = sign_in(
            request=request._request, now=timezone.now(), **body.validated_data
        )
        return _signed_in(user, tokens)


class SecondStep(Api):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignInLimit,)

    @refuses(InvalidToken, InvalidSecondFactor, SecondStepLocked)
    @extend_schema(
        request=SecondStepBody, responses=SignedInOut, operation_id="second_step"
    )
    def post(self, request: Request) -> Response:
        """After a 401 SECOND_FACTOR_REQUIRED: its token, and a code."""
        body = SecondStepBody(data=request.data)
        body.is_valid(raise_exception=True)
        user, tokens = finish_sign_in(
            raw=body.validated_data["token"],
            code=body.validated_data["code"],
            now=timezone.now(),
        )
        return _signed_in(user, tokens)


class Refresh(Api):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @refuses(InvalidToken, TokenRevoked, SecondFactorEnrolmentRequired)
    @extend_schema(request=RefreshBody, responses=TokensOut, operation_id="refresh")
    def post(self, request: Request) -> Response:
        """Exchange a refresh token; a second use within ten seconds gets the same."""
        body = RefreshBody(data=request.data)
        body.is_valid(raise_exception=True)
        tokens = refresh(raw=body.validated_data["refresh_token"], now=timezone.now())
        return Response(asdict(tokens))


class SignOut(Api):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @refuses(InvalidToken)
    @extend_schema(request=RefreshBody, responses={204: None}, operation_id="logout")
    def post(self, request: Request) -> Response:
        """End this sign-in with all its tokens."""
        body = RefreshBody(data=request.data)
        body.is_valid(raise_exception=True)
        sign_out(raw=body.validated_data["refresh_token"])
        return Response(status=204)


class Me(Api):
    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=UserOut, operation_id="me")
    def get(self, request: Request) -> Response:
        """Who is signed in, and what he may."""
        return Response(UserOut(request.user).data)


class Register(Api):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignInLimit,)

    @refuses(RegistrationClosed, EmailTaken)
    @extend_schema(
        request=RegisterBody, responses={201: UserOut}, operation_id="register"
    )
    def post(self, request: Request) -> Response:
        """Open an account without any permission, where the clinic allows that."""
        if not settings.ALLOW_PUBLIC_REGISTRATION:
            raise RegistrationClosed
        body = RegisterBody(data=request.data)
        body.is_valid(raise_exception=True)
        facts = body.validated_data
        with password_rules_told():
            user = people.create_user(
                actor=None,
                email=facts["email"],
                full_name=facts["full_name"],
                role=Role.objects.get(name=roles.USER),
                password=facts["password"],
            )
        return Response(UserOut(user).data, status=201)
