"""Change one's own password, through the service like everybody's."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from unfold.forms import AdminOwnPasswordChangeForm

from accounts.models import User
from accounts.services.people import change_password


def own_password(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The form, and what it asks for; every other sign-in of the person ends."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 (admin_view lets nobody else in)
    form = AdminOwnPasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        change_password(
            actor=user, user=user, password=form.cleaned_data["new_password1"]
        )
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password was changed."))
        return redirect("admin:index")
    context = {
        **site.each_context(request),
        "title": _("Change my password"),
        "form": form,
    }
    return TemplateResponse(request, "back_office/own_password.html", context)
