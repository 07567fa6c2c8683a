"""`/api/v1/auth/password-reset…` and `/verify-email…`: by links from letters."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import (
    AskedOut,
    AskForPasswordBody,
    ResetPasswordBody,
    VerifyEmailBody,
)
from accounts.api.views import password_rules_told
from accounts.errors import InvalidLink
from accounts.services import mailbox
from accounts.visitors import actor_of
from areamedica.api.idempotency import answer_once
from areamedica.api.schema import ONCE, refuses
from areamedica.api.throttling import SignInLimit
from areamedica.api.views import Api


class ForStrangers(Api):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignInLimit,)


class AskForPassword(ForStrangers):
    @extend_schema(
        request=AskForPasswordBody,
        responses={202: AskedOut},
        operation_id="password_reset",
    )
    def post(self, request: Request) -> Response:
        """The same answer whether or not there is such an account."""
        body = AskForPasswordBody(data=request.data)
        body.is_valid(raise_exception=True)
        mailbox.ask_for_new_password(email=body.validated_data["email"])
        told = _("If there is an account with this e-mail, a letter is on its way.")
        return Response({"message": told}, status=202)


class ResetPassword(ForStrangers):
    @refuses(InvalidLink)
    @extend_schema(
        request=ResetPasswordBody,
        responses={204: None},
        operation_id="password_reset_confirm",
    )
    def post(self, request: Request) -> Response:
        """Every sign-in of the user ends."""
        body = ResetPasswordBody(data=request.data)
        body.is_valid(raise_exception=True)
        with password_rules_told():
            mailbox.reset_password(
                token=body.validated_data["token"],
                password=body.validated_data["password"],
            )
        return Response(status=204)


class VerifyEmail(ForStrangers):
    @refuses(InvalidLink)
    @extend_schema(
        request=VerifyEmailBody, responses={204: None}, operation_id="verify_email"
    )
    def post(self, request: Request) -> Response:
        """The link of the letter proves that its reader has the mailbox."""
        body = VerifyEmailBody(data=request.data)
        body.is_valid(raise_exception=True)
        mailbox.verify_email(token=body.validated_data["token"])
        return Response(status=204)


class AskForVerification(Api):
    permission_classes = (IsAuthenticated,)

    @refuses(*ONCE)
    @extend_schema(
        request=None, responses={202: None}, operation_id="verify_email_resend"
    )
    def post(self, request: Request) -> HttpResponse:
        """Nothing is sent when the e-mail is verified already."""

        def write() -> Response:
            mailbox.ask_for_verification(user=actor_of(request))
            return Response(status=202)

        return answer_once(request, write=write)
