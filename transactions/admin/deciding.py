"""A reviewer's POSTs: each calls the service the API calls, then goes to the next."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from areamedica.back_office import say
from areamedica.errors import Refusal
from banking.gateways.base import Patience
from transactions.admin import detail, queue, reasons
from transactions.admin.correcting import CorrectionForm
from transactions.admin.telling import show_errors, tell_outcome
from transactions.models import Transaction
from transactions.services import review, verify

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
    correction = review.Correction()
    if request.POST.get("correct"):
        form = CorrectionForm(transaction, request.POST)
        if not form.is_valid():
            show_errors(request, form)
            return redirect("admin:transactions_review", transaction.pk)
        correction = form.correction()

    def decide(reason: str) -> Transaction:
        review.reopen(
            transaction_id=transaction.pk,
            actor=actor,
            reason=reason,
            correction=correction,
        )
        verify.ask_bank(
            transaction_id=transaction.pk, patience=Patience.QUICK, is_urgent=True
        )
        return Transaction.objects.get(pk=transaction.pk)

    return _carry_out(request, transaction, actor, reasons.AGAIN, decide)


def _carry_out(
    request: HttpRequest,
    transaction: Transaction,
    actor: User,
    ready: Mapping[str, object],
    decide: Decide,
) -> HttpResponse:
    form = reasons.ReasonForm(ready, request.POST)
    here = redirect("admin:transactions_review", transaction.pk)
    if not form.is_valid():
        show_errors(request, form)
        return here
    shown = detail.version(transaction, detail.inquiry_of(transaction))
    if form.cleaned_data["seen"] != shown:
        messages.warning(request, _("It changed while you looked at it; look again."))
        return here
    try:
        decided = decide(form.cleaned_data["reason"])
    except Refusal as refusal:
        say(request, refusal)
        return here
    tell_outcome(request, decided)
    following = queue.next_after(transaction, actor=actor)
    if following is None:
        return redirect("admin:transactions_queue")
    return redirect("admin:transactions_review", following.pk)
