"""What every room's back office shares: who may, who asks, and lists that do not count.

`User.can` decides everywhere. Imports no room, so people are known by what they can do.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ClassVar, Protocol, cast
from uuid import UUID

import structlog
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from areamedica.api.paging import total_of
from areamedica.database import waited_in_vain
from areamedica.errors import DatabaseAway, Kind, Refusal
from areamedica.metrics import route_of
from areamedica.permissions import Permission
from areamedica.signals import access_refused

View = Callable[..., HttpResponse]
log = structlog.get_logger("areamedica.back_office")


class Person(Protocol):
    """The part of a user this module needs."""

    pk: UUID
    is_superuser: bool

    def can(self, permission: Permission) -> bool: ...

    def demand(self, permission: Permission) -> None: ...


class NotAllowed(PermissionDenied):
    """The signed-in person lacks one of these permissions; any would do."""

    def __init__(self, *lacking: Permission) -> None:
        super().__init__(", ".join(lacking))
        self.lacking = lacking


def person_of(request: HttpRequest) -> Person:
    """Who asks. Anonymous visitors never get past `admin_view`."""
    return cast(Person, request.user)


def can(request: HttpRequest, *any_of: Permission) -> bool:
    """Whether the visitor is signed in and holds one of the permissions."""
    user = request.user
    return user.is_authenticated and any(
        person_of(request).can(permission) for permission in any_of
    )


def demand(request: HttpRequest, *any_of: Permission) -> None:
    """:raises NotAllowed: the visitor holds none of the permissions."""
    if not can(request, *any_of):
        raise NotAllowed(*any_of)


def is_superuser(request: HttpRequest) -> bool:
    """Whether the visitor is signed in as a superuser."""
    return request.user.is_authenticated and person_of(request).is_superuser


def demand_superuser(request: HttpRequest) -> None:
    """:raises NotAllowed: the visitor is none; no permission would make him one."""
    if not is_superuser(request):
        raise NotAllowed


SHOWS = ("GET", "HEAD")
CHANGES = ("POST",)
ASKS_AND_CHANGES = (*SHOWS, *CHANGES)


def page(
    *any_of: Permission, methods: tuple[str, ...] = SHOWS
) -> Callable[[View], View]:
    """Guard a view of a ModelAdmin: who may, and by which methods.

    What only SHOWS never changes a row; a button's view only CHANGES.
    """
    return _guarded(lambda request: demand(request, *any_of), methods)


def superusers_page(methods: tuple[str, ...] = SHOWS) -> Callable[[View], View]:
    """Guard a view of a ModelAdmin as `page` does, for superusers alone."""
    return _guarded(demand_superuser, methods)


def _guarded(
    refuse: Callable[[HttpRequest], None], methods: tuple[str, ...]
) -> Callable[[View], View]:
    def guard(view: View) -> View:
        @wraps(view)
        def guarded(
            self: object, request: HttpRequest, *args: object, **kwargs: object
        ) -> HttpResponse:
            refuse(request)
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return view(self, request, *args, **kwargs)

        return guarded

    return guard


def uuid_or_404(text: str) -> UUID:
    """Read an id out of an address. :raises Http404: it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def typed(form: Form) -> dict[str, Any]:
    """What was typed. :raises ValidationError: all that is wrong, named by field."""
    if not form.is_valid():
        raise ValidationError([*_problems(form)])
    return form.cleaned_data


def _problems(form: Form) -> Iterator[str]:
    for name, problems in form.errors.items():
        field = form.fields.get(name)
        label = f"{field.label}: " if field and field.label else ""
        yield from (f"{label}{problem}" for problem in problems)


class telling:
    """Do what a button asks for, or say on the next page why not.

    A class, because of a generator mypy believes that nothing is swallowed.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, trouble: object, __: object) -> bool:
        if waited_in_vain(trouble):
            # Somebody books a whole file, say.
            log.warning("waited_in_vain", route=route_of(self.request))
            trouble = DatabaseAway()
        if isinstance(trouble, Refusal | ValidationError):
            say(self.request, trouble)
            return True
        return False


def say(request: HttpRequest, trouble: Refusal | ValidationError) -> None:
    """Show a refusal's sentence, or what is wrong with a form, on the next page."""
    if isinstance(trouble, Refusal):
        tell_of(request, trouble)
        messages.error(request, trouble.message)
    else:
        for sentence in trouble.messages:
            messages.error(request, sentence)


def tell_of(request: HttpRequest, refusal: Refusal) -> None:
    """Have it journaled if somebody was denied something, as the API does."""
    if refusal.kind is Kind.AUTHORIZATION:
        access_refused.send(
            sender=None,
            actor_id=request.user.pk,
            route=route_of(request),
            facts={"code": refusal.code, **refusal.facts},
        )


class NoFullCount(Paginator):  # type: ignore[type-arg]  # not at runtime
    """Pages of a long table: exact up to 10,000 rows, the planner's estimate beyond."""

    @cached_property
    def count(self) -> int:
        return total_of(self.object_list)[0]  # type: ignore[arg-type]


class QuietChangeList(ChangeList):  # type: ignore[misc]  # unfold has no types
    """Does not say "of how many": nobody counts the whole table."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A list and pages to read; what changes a row is a button that calls a service."""

    opens_with: tuple[Permission, ...] = ()
    paginator = NoFullCount
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    actions = None
    show_facets = ShowFacets.NEVER  # each would count the table
    compressed_fields = True

    def get_changelist(self, request: HttpRequest, **_: object) -> type[ChangeList]:
        return QuietChangeList

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return can(request, *self.opens_with)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can(request, *self.opens_with)

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class OwnPages(ReadOnlyAdmin):
    """Pages of ours, whose templates stand in one folder, instead of Django's form.

    `one` is the page of a row; whoever shows no list and no row has none.
    """

    folder: ClassVar[str]
    one: View

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Where Django links the rows of its list to."""
        return self.one(request, self.key_of(object_id))

    def key_of(self, text: str) -> UUID | int:
        """Read a row's key out of its address. :raises Http404: it is none."""
        return uuid_or_404(text)

    def _show(
        self, request: HttpRequest, name: str, *, status: int = 200, **context: Any
    ) -> TemplateResponse:
        whole = {**self.admin_site.each_context(request), **context}
        return TemplateResponse(
            request, f"{self.folder}/{name}.html", whole, status=status
        )
