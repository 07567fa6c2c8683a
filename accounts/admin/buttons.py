"""What is done to a person: a POST each, through the services, with their refusals."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.admin.forms import PasswordForm
from accounts.errors import SelfGrant, SuperuserOnly
from accounts.models import User
from accounts.policies import may_manage
from accounts.services import people
from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, page, telling, typed
from areamedica.permissions import Permission as P


def person(pk: UUID) -> User:
    """:raises Http404: there is no such person; the system and machines are none."""
    everybody = User.objects.people().with_rights()
    found: User = get_object_or_404(everybody, pk=pk)
    return found


class PersonButtons(OwnPages):
    """Deactivate, reactivate, set a password."""

    folder = "accounts"

    def _carry_out(
        self, request: HttpRequest, pk: UUID, do: Callable[[User], None], done: str
    ) -> HttpResponse:
        user = person(pk)
        with telling(request):
            if not may_manage(actor_of(request), user):
                raise SuperuserOnly
            do(user)
            messages.success(request, done)
        return redirect("admin:accounts_user_change", pk)

    @page(P.USER_MANAGE, methods=CHANGES)
    def deactivate(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)
        return self._carry_out(
            request,
            pk,
            lambda user: people.deactivate(actor=actor, user=user),
            _("The account is closed; every sign-in of it has ended."),
        )

    @page(P.USER_MANAGE, methods=CHANGES)
    def reactivate(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)
        return self._carry_out(
            request,
            pk,
            lambda user: people.reactivate(actor=actor, user=user),
            _("The account is open again."),
        )

    @page(P.USER_MANAGE, methods=CHANGES)
    def password(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form, actor = PasswordForm(request.POST), actor_of(request)

        def change(user: User) -> None:
            password = typed(form)
            if user.pk == actor.pk:
                raise SelfGrant
            people.change_password(actor=actor, user=user, **password)

        return self._carry_out(request, pk, change, _("The password was changed."))
