"""Files into the books and out of them: upload, preview, confirm, watch, take away."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.visitors import actor_of
from areamedica.back_office import (
    ASKS_AND_CHANGES,
    CHANGES,
    OwnPages,
    can,
    page,
    telling,
)
from areamedica.clock import caracas_day
from areamedica.errors import Forbidden
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import at
from ledger.admin.causes import CAUSES, IMPORT, Cause, ids
from ledger.chart import account_id
from ledger.errors import BalanceTooLarge, UnreadableFile
from ledger.import_file import (
    LARGEST_FILE,
    MOST_ROWS,
    USUAL_CODE,
    Column,
    DecimalMark,
    Fault,
)
from ledger.models import Import, ImportState
from ledger.services import imports
from ledger.services.exporting import Format, Period, export
from ledger.services.posting import REFUSED

_LOOKS = {
    "faulty": "danger",
    "ready": "warning",
    "confirmed": "info",
    "booked": "success",
    "failed": "danger",
    "discarded": "default",
}
_FILES = {
    Format.CSV: ("text/csv; charset=utf-8", "libros.csv"),
    Format.BEANCOUNT: ("text/plain; charset=utf-8", "libros.beancount"),
}
# By what is kept of them (`Wrong.cell`). What else there is, no judged file is refused
# for. Who reads the page is perhaps not who was forbidden.
_REFUSALS: dict[str, str | Promise] = {
    **{outcome.value: refusal.sentence for outcome, refusal in REFUSED.items()},
    Forbidden.code: gettext_lazy("Whoever confirmed it is no longer allowed to post."),
    BalanceTooLarge.code: BalanceTooLarge.sentence,
}


def _lines(places: Iterable[str]) -> dict[str, str]:
    """What is said of a line of a file: the file's name, and which line it is."""
    lines = {place: place.partition("/")[::2] for place in places}
    rows = Import.objects.filter(pk__in={*ids(file for file, _line in lines.values())})
    files = {str(pk): name for pk, name in rows.values_list("pk", "file_name")}
    words = _("File “%(name)s”, line %(line)s")
    return {
        place: words % {"name": files[file], "line": line}
        for place, (file, line) in lines.items()
        if file in files
    }


CAUSES[IMPORT] = Cause(
    route="ledger_import_change",
    permission=P.LEDGER_READ,
    names=_lines,
    codes={USUAL_CODE: gettext_lazy("Imported")},
)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        max_length=120,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    mark = forms.ChoiceField(
        label=gettext_lazy("Decimal mark of the amounts"), choices=DecimalMark.choices
    )

    def clean_file(self) -> Any:  # noqa: ANN401 (Django's)
        """Looked at before a byte of it is read into memory."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            refusal = UnreadableFile(why=_("it is larger than 5 MB"))
            raise forms.ValidationError(refusal.message)
        return file


class ExportForm(forms.Form):
    first = forms.DateField(required=False)
    last = forms.DateField(required=False)
    format = forms.ChoiceField(choices=Format.choices)


@admin.register(Import)
class Imports(OwnPages):
    """Rows are written by the services of imports alone."""

    opens_with = (P.LEDGER_READ,)
    folder = "ledger"
    list_display = ("file_name", "status", "rows", "who", "when")
    sortable_by = ()
    list_before_template = "ledger/imports_before.html"

    def get_queryset(self, request: HttpRequest) -> Any:  # noqa: ANN401 (Django's)
        rows = super().get_queryset(request).defer("content")
        return rows.select_related("uploaded_by")

    @display(description=gettext_lazy("status"), label=_LOOKS)
    def status(self, found: Import) -> tuple[str, str]:
        return found.state, found.get_state_display()

    @display(description=gettext_lazy("rows"))
    def rows(self, found: Import) -> int:
        return found.rows_total

    @display(description=gettext_lazy("uploaded by"))
    def who(self, found: Import) -> str:
        return str(found.uploaded_by)

    @display(description=gettext_lazy("uploaded"))
    def when(self, found: Import) -> str:
        return at(found.uploaded_at)

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("new/", door(self.new), name="import_new"),
            path("export/", door(self.export), name="books_export"),
            *(
                path(
                    f"<uuid:pk>/{verb}/",
                    door(getattr(self, verb)),
                    name=f"import_{verb}",
                )
                for verb in ("live", "confirm", "discard")
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"may_post": can(request, P.LEDGER_POST), **(extra_context or {})}
        listed: HttpResponse = super().changelist_view(request, more)
        return listed

    @page(P.LEDGER_POST, methods=ASKS_AND_CHANGES)
    def new(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                return redirect(
                    "admin:ledger_import_change", self._upload(request, form)
                )
            except UnreadableFile as refusal:
                form.add_error("file", refusal.message)
        title = _("File into the books")
        return self._show(request, "import_new", title=title, form=form, most=MOST_ROWS)

    def _upload(self, request: HttpRequest, form: UploadForm) -> UUID:
        file = form.cleaned_data["file"]
        made = imports.upload(
            content=file.read(),
            file_name=file.name,
            mark=DecimalMark(form.cleaned_data["mark"]),
            actor=actor_of(request),
            today=caracas_day(timezone.now()),
        )
        return made.pk

    @page(P.LEDGER_READ)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = self._found(pk)
        context = self._facts(request, found)
        return self._show(request, "import", title=found.file_name, **context)

    @page(P.LEDGER_READ)
    def live(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The moving part of the page; 204 while it says what is known already."""
        context = self._facts(request, self._found(pk))
        if request.GET.get("version") == context["version"]:
            return HttpResponse(status=204)
        return TemplateResponse(request, "ledger/_import.html", context)

    def _found(self, pk: UUID) -> Import:
        people = ("uploaded_by", "confirmed_by")
        rows = Import.objects.defer("content").select_related(*people)
        return get_object_or_404(rows, pk=pk)

    def _facts(self, request: HttpRequest, found: Import) -> dict[str, Any]:
        failure = found.failure
        return {
            "found": found,
            "preview": found.preview,
            "accounts": _accounts(found),
            "wrongs": [_told(each) for each in found.preview["wrongs"]],
            "failure": _told(failure) if failure else None,
            "is_moving": found.state == ImportState.CONFIRMED,
            "version": f"{found.state}-{found.rows_done}",
            "may_post": can(request, P.LEDGER_POST),
        }

    @page(P.LEDGER_POST, methods=CHANGES)
    def confirm(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            imports.confirm(import_id=pk, actor=actor_of(request))
        return redirect("admin:ledger_import_change", pk)

    @page(P.LEDGER_POST, methods=CHANGES)
    def discard(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        with telling(request):
            imports.discard(import_id=pk, actor=actor_of(request))
            messages.success(request, _("The file was forgotten."))
        return redirect("admin:ledger_import_changelist")

    @page(P.LEDGER_READ, methods=CHANGES)
    def export(self, request: HttpRequest) -> HttpResponse:
        """The books as a file, sent while it is read."""
        form = ExportForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Choose days and a format."))
            return redirect("admin:ledger_import_changelist")
        wanted = form.cleaned_data
        kind, name = _FILES[Format(wanted["format"])]
        with telling(request):
            pieces = export(
                form=Format(wanted["format"]),
                period=Period(first=wanted["first"], last=wanted["last"]),
                actor_id=actor_of(request).pk,
            )
            told = {"Content-Disposition": f'attachment; filename="{name}"'}
            return StreamingHttpResponse(  # type: ignore[return-value]  # another answer
                pieces, content_type=kind, headers=told
            )
        return redirect("admin:ledger_import_changelist")


def _accounts(found: Import) -> list[dict[str, Any]]:
    """What each account would become; of a file that books nothing, none.

    With its key, once there is such an account.
    """
    if found.state == ImportState.FAULTY:
        return []
    is_done = found.state == ImportState.BOOKED
    return [
        {**each, "pk": account_id(each["code"])}
        if is_done or not each["is_new"]
        else each
        for each in found.preview["accounts"]
    ]


def _told(wrong: dict[str, Any]) -> dict[str, Any]:
    """A fault in words, and where it is; line 0 is the whole file."""
    line, column = wrong["line"], wrong.get("column")
    place = _("Line %(line)s:") if line else ""
    if column:
        place = _("Line %(line)s, %(column)s:")
    named = {"line": line, "column": Column(column).label if column else ""}
    return {**wrong, **_in_words(wrong), "place": place % named}


def _in_words(wrong: dict[str, Any]) -> dict[str, str]:
    """What the books refused is told by the sentence of the refusal: our names for
    outcomes are no words."""
    words, cell = str(Fault(wrong["fault"]).label), wrong["cell"]
    if wrong["fault"] == Fault.REFUSED and cell in _REFUSALS:
        return {"words": f"{words} {_REFUSALS[cell]}", "cell": ""}
    return {"words": words, "cell": cell}
