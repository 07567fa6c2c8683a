"""CSV and XLSX of exactly what the list shows, fit to be opened in a spreadsheet."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets
from import_export.formats import base_formats

from accounts.models import User
from areamedica.clock import CARACAS
from areamedica.spreadsheets import inert
from audit.actions import Action
from audit.services import record
from transactions.formats import local_phone
from transactions.models import Transaction

MOST_ROWS = 50_000
FORMATS = {"csv": base_formats.CSV, "xlsx": base_formats.XLSX}


class Text(widgets.Widget):
    def render(self, value: Any, obj: Any = None, **_options: Any) -> Any:  # noqa: ANN401 (the library's)
        return inert(str(value)) if value not in (None, "") else ""


class Moment(widgets.Widget):
    def render(self, value: Any, obj: Any = None, **_options: Any) -> Any:  # noqa: ANN401 (the library's)
        if not isinstance(value, datetime):
            return ""
        return value.astimezone(CARACAS).strftime("%Y-%m-%d %H:%M:%S")


class Number(widgets.Widget):
    def render(self, value: Any, obj: Any = None, **_options: Any) -> Any:  # noqa: ANN401 (the library's)
        return value if isinstance(value, Decimal) else ""


def _column(attribute: str, title: str, widget: widgets.Widget) -> fields.Field:
    return fields.Field(attribute=attribute, column_name=title, widget=widget)


class TransactionSheet(resources.ModelResource):
    """The columns of an export, in the reader's language."""

    class Meta:
        model = Transaction
        fields = ()

    def get_fields(self, **_options: Any) -> list[fields.Field]:  # noqa: ANN401 (the library's)
        text = Text()
        return [
            _column("transaction_id", _("Number"), text),
            _column("get_status_display", _("Status"), text),
            _column("get_status_reason_display", _("Reason"), text),
            _column("get_type_display", _("Kind"), text),
            _column("bank_code", _("Paid from bank"), text),
            _column("reference", _("Reference"), text),
            _column("claimed_amount", _("Claimed amount"), Number()),
            _column("amount", _("Amount"), Number()),
            _column("currency", _("Currency"), text),
            _column("operation_date", _("Day of the payment"), text),
            _column("customer_full_name", _("Patient's full name"), text),
            _column("customer_document", _("Patient's document"), text),
            _column("customer_phone", _("Patient's phone"), LocalPhone()),
            _column("concept", _("Concept"), text),
            _column("created_by", _("Recorded by"), text),
            _column("created_at", _("Recorded"), Moment()),
            _column("completed_at", _("Completed"), Moment()),
        ]

    def get_export_fields(self, selected_fields: Any = None) -> list[fields.Field]:  # noqa: ANN401 (the library's)
        return self.get_fields()

    def export_field(
        self, field: fields.Field, instance: Transaction, **_kw: Any
    ) -> Any:  # noqa: ANN401 (the library's)
        return field.export(instance)


class LocalPhone(widgets.Widget):
    def render(self, value: Any, obj: Any = None, **_options: Any) -> Any:  # noqa: ANN401 (the library's)
        return inert(local_phone(str(value or "")))


def export(rows: QuerySet[Transaction], *, form: str, actor: User) -> HttpResponse:
    """The rows as a file; who took how many goes into the journal.

    :raises ValidationError: an unknown format, or more rows than a sheet should have.
    """
    if form not in FORMATS:
        raise ValidationError(_("This answer exists only as CSV or Excel."))
    if rows.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
        raise ValidationError(
            _("An export takes %(most)d rows at most; narrow the filters.")
            % {"most": MOST_ROWS}
        )
    sheet = TransactionSheet().export(rows.select_related("created_by"))
    record(
        Action.EXPORTED,
        actor_id=actor.pk,
        facts={"rows": len(sheet), "format": form},
    )
    kind = FORMATS[form]()
    # The amounts stay numbers: every text was made inert above, so the library's own
    # escaping, which turns all cells into texts, is not asked for.
    response = HttpResponse(sheet.export(form), content_type=kind.get_content_type())
    response["Content-Disposition"] = f'attachment; filename="transacciones.{form}"'
    return response
