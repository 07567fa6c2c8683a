"""Whose request it is: the password for the door, the bearer token for the API."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, TokenError
from rest_framework_simplejwt.tokens import Token
from structlog.contextvars import bind_contextvars

from accounts.errors import InvalidToken, TokenRevoked, TooManyAttempts
from accounts.models import User
from accounts.tokens import Access
from areamedica.api.errors import as_http


class EmailBackend(ModelBackend):
    """Django's own, which spends a hash on unknown e-mails too (LB-8)."""

    def get_user(self, user_id: UUID) -> User | None:
        """The user of a session, with rights, in one question."""
        living = User.objects.with_rights().filter(pk=user_id, is_active=True)
        found: User | None = living.first()
        bind_contextvars(via="session", person=str(found.pk) if found else None)
        return found

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        """No machine signs in, whatever password somebody gave it by hand."""
        is_machine = isinstance(user, User) and user.is_machine
        return not is_machine and super().user_can_authenticate(user)

    def has_perm(self, *_: object, **__: object) -> bool:
        return False  # User.has_perm decides alone


class BearerToken(JWTAuthentication):
    """Checks signature, issuer, audience, type and life, then that its sign-in lives.

    One question to the database brings the user, his rights and whether the sign-in was
    ended, so a logout or a new password kills access tokens at once.
    """

    refusals = (InvalidToken, TokenRevoked)

    def authenticate(  # type: ignore[override]
        self, request: Request
    ) -> tuple[User, Token] | None:
        if "Authorization" not in request.headers:
            return None
        header = self.get_header(request)
        try:
            raw = self.get_raw_token(header)
            if raw is None:
                raise InvalidToken
            token = Access(raw)  # type: ignore[arg-type]
        except (AuthenticationFailed, TokenError) as error:
            raise InvalidToken from error
        user = self.get_user(token)
        bind_contextvars(via="token", person=str(user.pk))
        return user, token

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        """:raises InvalidToken: claims of ours are missing. :raises TokenRevoked:"""
        try:
            pk = UUID(str(validated_token["sub"]))
            family_id = UUID(str(validated_token["fam"]))
            version = validated_token["ver"]
        except (KeyError, ValueError) as error:
            raise InvalidToken from error
        if type(version) is not int:
            raise InvalidToken
        user = User.objects.signed_in(pk=pk, family_id=family_id, version=version)
        if user is None:
            raise TokenRevoked
        return user


def locked_out(
    request: HttpRequest,
    *_: Any,
    **__: Any,
) -> HttpResponse:
    """What django-axes answers while a pair of account and address is locked."""
    if request.path.startswith("/admin"):
        return render(request, "accounts/locked_out.html", status=429)
    return as_http(request, TooManyAttempts())
