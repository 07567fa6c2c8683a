"""A reviewer's POSTs: each calls the service the API calls, then goes to the next."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from areamedica.back_office import telling, typed
from banking.gateways.base import Patience
from transactions.admin import detail, queue, reasons
from transactions.admin.correcting import CorrectionForm
from transactions.models import Transaction
from transactions.services import review, verify
from transactions.states import State

Decide = Callable[[str], Transaction]


def approve(
    request: HttpRequest, transaction: Transaction, actor: User
) -> HttpResponse:
    """Accept the credit the reviewer chose."""
    chosen = request.POST.get("credit", "")
    credit = int(chosen) if chosen.isascii() and chosen.isdigit() else None

    def decide(reason: str) -> Transaction:
        return review.approve(
            transaction_id=transaction.pk, actor=actor, reason=reason, credit=credit
        )

    return _carry_out(request, transaction, actor, reasons.APPROVE, decide)


def reject(request: HttpRequest, transaction: Transaction, actor: User) -> HttpResponse:
    """Refuse the claim for good."""

    def decide(reason: str) -> Transaction:
        return review.reject(transaction_id=transaction.pk, actor=actor, reason=reason)

    return _carry_out(request, transaction, actor, reasons.REJECT, decide)


def reopen(request: HttpRequest, transaction: Transaction, actor: User) -> HttpResponse:
    """Ask the bank again: with the data as they are, or set right."""

    def decide(reason: str) -> Transaction:
        review.reopen(
            transaction_id=transaction.pk,
            actor=actor,
            reason=reason,
            correction=_correction(request, transaction),
        )
        verify.ask_bank(
            transaction_id=transaction.pk, patience=Patience.QUICK, is_urgent=True
        )
        return Transaction.objects.get(pk=transaction.pk)

    return _carry_out(request, transaction, actor, reasons.AGAIN, decide)


def _correction(request: HttpRequest, transaction: Transaction) -> review.Correction:
    if not request.POST.get("correct"):
        return review.Correction()
    form = CorrectionForm(transaction, request.POST)
    typed(form)
    return form.correction()


def _carry_out(
    request: HttpRequest,
    transaction: Transaction,
    actor: User,
    ready: Mapping[str, object],
    decide: Decide,
) -> HttpResponse:
    form = reasons.ReasonForm(ready, request.POST)
    shown = detail.version(transaction, detail.inquiry_of(transaction))
    here = redirect("admin:transactions_review", transaction.pk)
    with telling(request):
        said = typed(form)
        if said["seen"] != shown:
            changed = _("It changed while you looked at it; look again.")
            messages.warning(request, changed)
            return here
        _tell(request, decide(said["reason"]))
        return _to_the_next(transaction, actor)
    return here


def _tell(request: HttpRequest, decided: Transaction) -> None:
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


def _to_the_next(transaction: Transaction, actor: User) -> HttpResponse:
    following = queue.next_after(transaction, actor=actor)
    if following is None:
        return redirect("admin:transactions_queue")
    return redirect("admin:transactions_review", following.pk)
