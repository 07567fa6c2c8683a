"""Which role may do what: a matrix to read, and for superusers to set."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.models import Permission, Role
from accounts.services.rights import edit_role
from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, page, telling
from areamedica.permissions import Permission as P


@admin.register(Role)
class Roles(OwnPages):
    """One page; each role is saved by itself."""

    opens_with = (P.USER_MANAGE,)
    folder = "accounts"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("", door(self.matrix), name="roles"),
            path("<int:pk>/edit/", door(self.edit), name="role_edit"),
        ]

    @page(P.USER_MANAGE)
    def matrix(self, request: HttpRequest) -> HttpResponse:
        roles = list(Role.objects.prefetch_related("permissions"))
        held = {role.pk: {each.pk for each in role.permissions.all()} for role in roles}
        permissions = list(Permission.objects.all())
        return self._show(
            request,
            "roles",
            title=_("Roles and permissions"),
            permissions=permissions,
            rows=[
                (role, [(each, each.pk in held[role.pk]) for each in permissions])
                for role in roles
            ],
            may_edit=actor_of(request).is_superuser,
        )

    @page(P.USER_MANAGE, methods=CHANGES)
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        role = get_object_or_404(Role, pk=pk)
        chosen = Permission.objects.filter(name__in=request.POST.getlist("permission"))
        with telling(request):
            edit_role(actor=actor_of(request), role=role, permissions=set(chosen))
            messages.success(request, _("The role was changed."))
        return redirect("admin:roles")
