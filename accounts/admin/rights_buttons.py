"""Who gives whom what: a POST each, superusers only, never to oneself."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.admin.buttons import PersonButtons
from accounts.admin.forms import GrantForm, ReasonedForm, RoleForm
from accounts.models import Grant, User
from accounts.services import rights, second_factor
from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, page, typed
from areamedica.permissions import Permission as P


def given_to(user_id: UUID, grant_id: int) -> Grant:
    """:raises Http404: he has no such grant."""
    grants = Grant.objects.select_related("user", "permission")
    return get_object_or_404(grants, pk=grant_id, user=user_id)


class RightsButtons(PersonButtons):
    """Role, superuser and grants; `accounts.services.rights` decides who may."""

    @page(P.USER_MANAGE, methods=CHANGES)
    def role(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = RoleForm(request.POST), actor_of(request)
        return self._carry_out(
            request,
            pk,
            lambda user: rights.change_role(actor=actor, user=user, **typed(form)),
            _("The role was changed."),
        )

    @page(P.USER_MANAGE, methods=CHANGES)
    def superuser(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = ReasonedForm(request.POST), actor_of(request)
        wanted = request.POST.get("is_superuser") == "yes"
        return self._carry_out(
            request,
            pk,
            lambda user: rights.set_superuser(
                actor=actor, user=user, is_superuser=wanted, **typed(form)
            ),
            _("It was changed."),
        )

    @page(P.USER_MANAGE, methods=CHANGES)
    def grant(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = GrantForm(request.POST), actor_of(request)

        def give(user: User) -> None:
            rights.grant(actor=actor, user=user, **typed(form))

        return self._carry_out(request, pk, give, _("The permission was granted."))

    @page(P.USER_MANAGE, methods=CHANGES)
    def revoke(self, request: HttpRequest, pk: UUID, grant_id: int) -> HttpResponse:
        form, actor = ReasonedForm(request.POST), actor_of(request)

        def take(user: User) -> None:
            why = typed(form)
            rights.revoke(actor=actor, given=given_to(user.pk, grant_id), **why)

        return self._carry_out(request, pk, take, _("The permission was revoked."))

    @page(P.USER_MANAGE, methods=CHANGES)
    def second_factor(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = ReasonedForm(request.POST), actor_of(request)
        return self._carry_out(
            request,
            pk,
            lambda user: second_factor.reset(actor=actor, user=user, **typed(form)),
            _("The second factors were removed."),
        )
