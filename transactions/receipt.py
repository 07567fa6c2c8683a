"""The receipt a patient takes home: what was claimed and what the bank confirmed."""

from io import BytesIO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from areamedica.clock import CARACAS
from areamedica.money import as_written_here
from areamedica.paper import BOLD, FONT
from transactions.formats import local_phone
from transactions.models import Transaction
from transactions.states import State

_LEFT, _TOP = 14 * mm, A5[1] - 18 * mm
_WIDTH = A5[0] - _LEFT - 42 * mm
_COLOURS = {State.COMPLETED: (0.05, 0.45, 0.25), State.CANCELED: (0.7, 0.1, 0.1)}


def _lines(transaction: Transaction) -> list[tuple[str, str]]:
    amount = transaction.amount
    when = transaction.completed_at or transaction.created_at
    return [
        (_("Patient"), transaction.customer_full_name),
        (_("Document"), transaction.customer_document),
        (_("Phone"), local_phone(transaction.customer_phone)),
        (_("Concept"), transaction.concept),
        (_("Kind"), transaction.get_type_display()),
        (_("Reference"), transaction.reference),
        (
            _("Amount"),
            ""
            if amount is None
            else f"{transaction.currency} {as_written_here(amount)}",
        ),
        (_("Date"), when.astimezone(CARACAS).strftime("%d/%m/%Y %H:%M")),
        (_("Number"), transaction.transaction_id),
    ]


def pdf(transaction: Transaction) -> bytes:
    """Draw the receipt on one A5 page."""
    page = BytesIO()
    canvas = Canvas(page, pagesize=A5)
    canvas.setTitle(f"{settings.APP_NAME} · {transaction.transaction_id}")
    canvas.setFont(BOLD, 16)
    canvas.drawString(_LEFT, _TOP, settings.APP_NAME)
    canvas.setFillColorRGB(*_COLOURS.get(State(transaction.status), (0.5, 0.4, 0.0)))
    canvas.setFont(BOLD, 12)
    canvas.drawString(_LEFT, _TOP - 9 * mm, transaction.get_status_display())
    canvas.setFillColorRGB(0, 0, 0)
    height = _TOP - 20 * mm
    for label, value in _lines(transaction):
        if not value:
            continue
        canvas.setFont(FONT, 9)
        canvas.drawString(_LEFT, height, label)
        canvas.setFont(BOLD, 9)
        for line in simpleSplit(value, BOLD, 9, _WIDTH):
            canvas.drawString(_LEFT + 32 * mm, height, line)
            height -= 5 * mm
        height -= 2 * mm
    printed = timezone.now().astimezone(CARACAS).strftime("%d/%m/%Y %H:%M")
    canvas.setFont(FONT, 7)
    canvas.drawString(_LEFT, 12 * mm, f"{transaction.pk} · {printed}")
    canvas.save()
    return page.getvalue()
