"""What the next page says about what was just pressed."""

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _

from transactions.models import Transaction
from transactions.states import State


def tell_outcome(request: HttpRequest, decided: Transaction) -> None:
    words = {
        State.COMPLETED: _("…{tail}: the money is ours."),
        State.CANCELED: _("…{tail}: rejected."),
        State.TO_REVIEW: _("…{tail}: still waits for a person: {why}."),
        State.IN_PROGRESS: _("…{tail}: the bank is being asked again."),
        State.UNKNOWN: _("…{tail}: the bank cannot be asked now."),
    }[State(decided.status)]
    messages.success(
        request,
        words.format(
            tail=decided.reference[-6:],
            why=decided.get_status_reason_display().lower(),
        ),
    )


def show_errors(request: HttpRequest, form: Form) -> None:
    for name, problems in form.errors.items():
        field = form.fields.get(name)
        label = f"{field.label}: " if field and field.label else ""
        for problem in problems:
            messages.error(request, f"{label}{problem}")
