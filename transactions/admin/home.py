"""The first page of the day, by what this person does."""

from typing import Any

from django.db.models import Count, Subquery
from django.http import HttpRequest
from django.utils import timezone

from accounts.visitors import actor_of
from areamedica.back_office import can
from areamedica.clock import caracas_day, start_of
from areamedica.permissions import Permission as P
from banking.models import BankQuestion
from banking.reading import Outcome
from banking.services import bank_status
from transactions.admin import queue
from transactions.admin.waiting import how_many_wait
from transactions.models import Transaction, TransactionEvent
from transactions.states import Reason, State

_SHOWN = 12
_LOOKED_BACK = 20_000
_SLOW_MS = 3_000


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK: adds what the template of the home page draws."""
    context["bank"] = bank_status()
    context["is_slow"] = _is_slow()
    context["may_record"] = can(request, P.TRANSACTION_CREATE)
    context["may_read"] = can(request, P.TRANSACTION_READ)
    context["may_read_books"] = can(request, P.LEDGER_READ)
    context["may_review"] = can(request, P.TRANSACTION_REVIEW)
    if context["may_read"]:
        context["today"] = _today()
        context["day"] = caracas_day(timezone.now())
    if context["may_record"]:
        context["mine"] = _mine(request)
    if context["may_review"]:
        context["waiting"] = how_many_wait(request)
        context["oldest"] = queue.oldest_wait()
        context["decisions"] = _decisions()
    return context


def _today() -> list[tuple[str, Any, int]]:
    """(state, its words, how many recorded today), zeros included."""
    since = start_of(caracas_day(timezone.now()))
    rows = Transaction.objects.present().filter(created_at__gte=since).order_by()
    counted = dict(rows.values_list("status").annotate(number=Count("pk")))
    return [(each.value, each.label, counted.get(each, 0)) for each in State]


def _is_slow() -> bool:
    """Whether the latest answer took long; two short index scans."""
    latest = [
        BankQuestion.objects.filter(outcome=outcome)
        .order_by("-asked_at")
        .values_list("asked_at", "latency_ms")
        .first()
        for outcome in (Outcome.FOUND, Outcome.MISSING)
    ]
    answered = [each for each in latest if each is not None]
    return bool(answered) and (max(answered)[1] or 0) > _SLOW_MS


def _mine(request: HttpRequest) -> list[Transaction]:
    since = start_of(caracas_day(timezone.now()))
    rows = Transaction.objects.present().filter(
        created_by=actor_of(request), created_at__gte=since
    )
    return list(rows[:_SHOWN])


def _decisions() -> list[TransactionEvent]:
    # Among the latest events only: nobody waits for a scan of the whole history.
    latest = TransactionEvent.objects.order_by("-pk").values("pk")[:1]
    made = TransactionEvent.objects.filter(
        pk__gt=Subquery(latest) - _LOOKED_BACK,
        reason__in=(Reason.APPROVED, Reason.REJECTED, Reason.SECOND_APPROVAL),
    )
    return list(made.select_related("transaction", "actor").order_by("-id")[:6])
