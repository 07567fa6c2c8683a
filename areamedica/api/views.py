"""What every API view of ours shares: order of the checks, and who may."""

from typing import Any

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from areamedica.errors import Refusal
from areamedica.permissions import Permission
from areamedica.signals import access_granted


class Api(APIView):
    """Counts a request against its limit even when its token is refused."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        self.format_kwarg = None
        self.perform_content_negotiation_for(request)
        try:
            self.perform_authentication(request)
        except (AuthenticationFailed, Refusal):
            request._not_authenticated()  # type: ignore[attr-defined]
            self.check_throttles(request)
            raise
        self.check_throttles(request)
        self.check_permissions(request)
        access_granted.send(sender=None, request=request)

    def perform_content_negotiation_for(self, request: Request) -> None:
        chosen = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = chosen


def needs(permission: Permission) -> type[BasePermission]:
    """A DRF permission: the signed-in user holds `permission`.

    The user's own `demand` refuses, with the name of what is missing.
    """

    class Holds(BasePermission):
        required = permission

        def has_permission(self, request: Request, view: Any) -> bool:
            user = request.user
            if not user or not user.is_authenticated:
                return False
            user.demand(permission)
            return True

    return Holds
