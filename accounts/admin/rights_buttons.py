"""Who gives whom what: a POST each, superusers only, never to oneself."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.admin.buttons import PersonButtons
from accounts.admin.forms import GrantForm, ReasonedForm, RoleForm, first_problem
from accounts.models import Grant, User
from accounts.services import rights, second_factor
from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, page
from areamedica.permissions import Permission as P


class RightsButtons(PersonButtons):
    """Role, superuser and grants; `accounts.services.rights` decides who may."""

    @page(P.USER_MANAGE, methods=CHANGES)
    def role(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = RoleForm(request.POST), actor_of(request)

        def change(user: User) -> None:
            if not form.is_valid():
                raise ValidationError(first_problem(form))
            rights.change_role(actor=actor, user=user, **form.cleaned_data)

        return self._carry_out(request, pk, change, _("The role was changed."))

    @page(P.USER_MANAGE, methods=CHANGES)
    def superuser(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = ReasonedForm(request.POST), actor_of(request)
        wanted = request.POST.get("is_superuser") == "yes"

        def change(user: User) -> None:
            if not form.is_valid():
                raise ValidationError(first_problem(form))
            rights.set_superuser(
                actor=actor, user=user, is_superuser=wanted, **form.cleaned_data
            )

        return self._carry_out(request, pk, change, _("It was changed."))

    @page(P.USER_MANAGE, methods=CHANGES)
    def grant(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = GrantForm(request.POST), actor_of(request)

        def give(user: User) -> None:
            if not form.is_valid():
                raise ValidationError(first_problem(form))
            rights.grant(actor=actor, user=user, **form.cleaned_data)

        return self._carry_out(request, pk, give, _("The permission was granted."))

    @page(P.USER_MANAGE, methods=CHANGES)
    def revoke(self, request: HttpRequest, pk: UUID, grant_id: int) -> HttpResponse:
        form, actor = ReasonedForm(request.POST), actor_of(request)

        def take(user: User) -> None:
            if not form.is_valid():
                raise ValidationError(first_problem(form))
            given = get_object_or_404(
                Grant.objects.select_related("user", "permission"),
                pk=grant_id,
                user=user,
            )
            rights.revoke(actor=actor, given=given, **form.cleaned_data)

        return self._carry_out(request, pk, take, _("The permission was revoked."))

    @page(P.USER_MANAGE, methods=CHANGES)
    def second_factor(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = ReasonedForm(request.POST), actor_of(request)

        def reset(user: User) -> None:
            if not form.is_valid():
                raise ValidationError(first_problem(form))
            second_factor.reset(actor=actor, user=user, **form.cleaned_data)

        return self._carry_out(
            request, pk, reset, _("The second factors were removed.")
        )
