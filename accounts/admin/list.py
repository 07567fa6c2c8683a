"""The list of people."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import display

from accounts.admin.rights_buttons import RightsButtons
from accounts.models import User
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import at


class PeopleList(RightsButtons):
    """Everybody but the system and machines."""

    opens_with = (P.USER_MANAGE,)
    list_display = ("full_name", "email", "role", "active", "signed_in")
    list_select_related = ("role",)
    list_filter: ClassVar[Any] = (
        ("role", RelatedDropdownFilter),
        ("is_active", BooleanRadioFilter),
        ("is_superuser", BooleanRadioFilter),
    )
    list_filter_submit = True
    search_fields = ("full_name", "email")
    search_help_text = gettext_lazy("Name or e-mail")
    sortable_by = ()
    list_before_template = "accounts/list_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        everybody: QuerySet[User] = User.objects.people()
        return everybody

    @display(
        description=gettext_lazy("account"), label={True: "success", False: "danger"}
    )
    def active(self, user: User) -> tuple[bool, str]:
        return user.is_active, _("open") if user.is_active else _("closed")

    @display(description=gettext_lazy("last sign-in"), ordering="last_login")
    def signed_in(self, user: User) -> str:
        return at(user.last_login)
