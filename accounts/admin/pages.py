"""The list of people, the page of one, and a new one."""

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.admin.buttons import person
from accounts.admin.forms import (
    GrantForm,
    NewPerson,
    PasswordForm,
    ReasonedForm,
    RoleForm,
    add_to,
)
from accounts.admin.list import PeopleList
from accounts.models import Grant, User
from accounts.policies import may_manage
from accounts.services.people import create_user
from accounts.services.second_factor import factors_of
from accounts.visitors import actor_of
from areamedica.back_office import ASKS_AND_CHANGES, page
from areamedica.errors import Refusal
from areamedica.permissions import Permission as P


@admin.register(User)
class People(PeopleList):
    """Rights and roles are written by services alone; no form of Django's saves one."""

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        verbs = "deactivate reactivate password role superuser grant second_factor"
        return [
            path("new/", door(self.new), name="user_new"),
            *(
                path(
                    f"<uuid:pk>/{verb}/", door(getattr(self, verb)), name=f"user_{verb}"
                )
                for verb in verbs.split()
            ),
            path(
                "<uuid:pk>/revoke/<int:grant_id>/",
                door(self.revoke),
                name="user_revoke",
            ),
            *super().get_urls(),
        ]

    @page(P.USER_MANAGE, methods=ASKS_AND_CHANGES)
    def new(self, request: HttpRequest) -> HttpResponse:
        actor = actor_of(request)
        form = NewPerson(actor, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                user = create_user(actor=actor, **form.cleaned_data)
                messages.success(request, _("The account was opened."))
                return redirect("admin:accounts_user_change", user.pk)
            except ValidationError as error:
                add_to(form, "password", error)
            except Refusal as refusal:
                form.add_error("email", refusal.message)
        return self._show(request, "new", title=_("New person"), form=form)

    @page(P.USER_MANAGE)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        user, actor = person(pk), actor_of(request)
        grants = Grant.objects.filter(user=user)
        return self._show(
            request,
            "one",
            title=user.full_name,
            person=user,
            is_self=user.pk == actor.pk,
            may_manage=may_manage(actor, user),
            gives_rights=actor.is_superuser and user.pk != actor.pk,
            factors=factors_of(user),
            permissions=[P(n).label for n in sorted(user.permission_names)],
            grants=grants.select_related("permission", "granted_by"),
            password_form=PasswordForm(),
            role_form=RoleForm(initial={"role": user.role_id}),
            grant_form=GrantForm(),
            reason_form=ReasonedForm(),
        )
