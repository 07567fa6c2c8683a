"""Nueva consulta: write the claim down, ask the bank at once, show what it says."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from areamedica.back_office import telling, typed
from banking.gateways.base import BankUnavailable, Patience, Trouble
from transactions.admin import reasons
from transactions.admin.forms import NewInquiry
from transactions.errors import AskedTooOften, NothingToRefresh
from transactions.models import Transaction
from transactions.services import verify, withdraw
from transactions.services.submit import submit
from transactions.states import OPEN


def record(form: NewInquiry, *, author: User) -> Transaction:
    """Submit a valid form and ask once.

    :raises DuplicateReference: :raises TransactionIdReused: as `submit`.
    """
    submitted = submit(author=author, claim=form.claim(), now=timezone.now())
    if submitted.is_new:
        verify.ask_bank(
            transaction_id=submitted.transaction.pk,
            patience=Patience.QUICK,
            is_urgent=True,
        )
    return submitted.transaction


def ask_now(request: HttpRequest, transaction: Transaction) -> HttpResponse:
    """Preguntar al banco ahora: one more question, within the budget."""
    with telling(request):
        if transaction.status not in OPEN:
            raise NothingToRefresh(status=transaction.status)
        silence = verify.ask_bank(
            transaction_id=transaction.pk, patience=Patience.QUICK, is_urgent=True
        )
        _tell(request, silence)
    return redirect("admin:transactions_transaction_change", transaction.pk)


def _tell(request: HttpRequest, silence: BankUnavailable | None) -> None:
    """:raises AskedTooOften: our own budget, not the bank, kept us from asking."""
    if silence is None:
        messages.info(request, _("The bank was asked."))
    elif silence.trouble is Trouble.BUDGET_SPENT:
        raise AskedTooOften
    else:
        messages.warning(
            request, _("The bank does not answer; we go on asking by ourselves.")
        )


def take_back(
    request: HttpRequest, transaction: Transaction, actor: User
) -> HttpResponse:
    """Retirar, with a reason."""
    form = reasons.ReasonForm(reasons.WITHDRAW, request.POST)
    with telling(request):
        withdraw.withdraw(
            transaction_id=transaction.pk, actor=actor, reason=typed(form)["reason"]
        )
        messages.success(request, _("The transaction was withdrawn."))
    return redirect("admin:transactions_transaction_change", transaction.pk)
