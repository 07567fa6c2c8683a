"""The page of a transfer: both legs, why, what the journal says, and taking it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, can, page, telling, typed
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import money
from ledger.admin.causes import (
    CAUSES,
    DESCRIPTION,
    IMPORT,
    Cause,
    Key,
    cause_of,
    ids,
    told,
    words_of,
)
from ledger.admin.entries import entry_of, whole_of
from ledger.admin.forms import ReversalForm, WholeReversalForm
from ledger.admin.journal import MOST_SHOWN, Note, Subject, notes_of
from ledger.amounts import from_minor
from ledger.chart import SIDE, Kind
from ledger.models import Account, Hold, Transfer
from ledger.services.reversal import CAUSE, CODE, left_of, reverse_entry
from ledger.services.reversal import reverse as take_back

# What the journal calls one.
SUBJECT = "transfer"


@dataclass(frozen=True)
class Fact:
    name: str | Promise
    value: object

    @property
    def is_technical(self) -> bool:
        """Nobody reads a UUID aloud."""
        return any(ids([str(self.value)]))


def _amounts(keys: Iterable[str]) -> dict[str, str]:
    """What is said of a transfer that is another's cause: how much it was."""
    rows = Transfer.objects.select_related("debit").filter(pk__in=[*ids(keys)])
    word = _("Transfer of the books")
    return {str(each.pk): f"{word} {amount_of(each)}" for each in rows}


CAUSES[CAUSE] = Cause(
    route="ledger_transfer_change",
    permission=P.LEDGER_READ,
    names=_amounts,
    codes={CODE: gettext_lazy("Reversal")},
)


def amount_of(row: Transfer | Hold) -> str:
    currency = row.debit.currency
    return money(from_minor(row.amount, currency), currency)


@dataclass(frozen=True)
class Leg:
    """An account of the transfer, before and after it."""

    account: Account
    is_debit: bool
    seq: int
    amount: Decimal
    before: Decimal
    after: Decimal


@admin.register(Transfer)
class Transfers(OwnPages):
    """Reached from a statement or by its key; nobody needs a list of all."""

    opens_with = (P.LEDGER_READ,)
    folder = "ledger"

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("<uuid:pk>/", door(self.one), name="ledger_transfer_change"),
            path("<uuid:pk>/reverse/", door(self.reverse), name="transfer_reverse"),
            path(
                "<uuid:pk>/reverse-entry/",
                door(self.reverse_whole),
                name="transfer_reverse_whole",
            ),
        ]

    @page(P.LEDGER_READ)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        transfer = find(pk)
        reversals = list(Transfer.objects.filter(reverses=pk).order_by("at"))
        left = from_minor(left_of([transfer])[pk], transfer.debit.currency)
        original = find(transfer.reverses) if transfer.reverses else None
        whole = whole_of(transfer, original)
        cause = cause_of(transfer)
        notes = notes_of(request, [*_subjects_of(transfer, cause)])
        return self._show(
            request,
            "transfer",
            title=f"{words_of(transfer.code)} · {amount_of(transfer)}",
            transfer=transfer,
            facts=[*_facts(transfer, cause)],
            amount=amount_of(transfer),
            words=words_of(transfer.code),
            legs=legs_of(transfer),
            cause=told(request, [cause])[cause],
            reversals=_taken(request, transfer, reversals),
            original=original,
            original_words=words_of(original.code) if original else "",
            left=left,
            form=ReversalForm(initial={"amount": left}, most=left),
            whole=whole,
            others_left=whole.left_without(transfer) if whole else Decimal(0),
            whole_form=WholeReversalForm(auto_id="whole_%s"),
            may_post=can(request, P.LEDGER_POST),
            may_reverse=bool(left) and can(request, P.LEDGER_POST),
            notes=notes[-MOST_SHOWN:],
            may_read_journal=can(request, P.AUDIT_READ),
        )

    @page(P.LEDGER_POST, methods=CHANGES)
    def reverse(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form = ReversalForm(request.POST)
        with telling(request):
            done, _is_new = take_back(
                original=find(pk).pk,
                actor=actor_of(request),
                now=timezone.now(),
                **typed(form),
            )
            messages.success(request, _("The reversal is booked."))
            return redirect("admin:ledger_transfer_change", done.pk)
        return redirect("admin:ledger_transfer_change", pk)

    @page(P.LEDGER_POST, methods=CHANGES)
    def reverse_whole(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """All that is left of the entry that the transfer is a leg of."""
        form = WholeReversalForm(request.POST)
        with telling(request):
            [first, *_others], _is_new = reverse_entry(
                entry=entry_of(find(pk)) or pk,
                actor=actor_of(request),
                now=timezone.now(),
                **typed(form),
            )
            messages.success(request, _("The reversal of the whole entry is booked."))
            return redirect("admin:ledger_transfer_change", first.pk)
        return redirect("admin:ledger_transfer_change", pk)


def find(pk: UUID) -> Transfer:
    """:raises Http404:"""
    rows = Transfer.objects.select_related("debit", "credit")
    transfer = rows.filter(pk=pk).first()
    if transfer is None:
        raise Http404
    return transfer


def legs_of(transfer: Transfer) -> list[Leg]:
    return [
        _leg(
            transfer.debit,
            transfer.amount,
            transfer.debit_seq,
            transfer.debit_balance,
            is_debit=True,
        ),
        _leg(
            transfer.credit,
            transfer.amount,
            transfer.credit_seq,
            transfer.credit_balance,
            is_debit=False,
        ),
    ]


def _leg(account: Account, amount: int, seq: int, after: int, *, is_debit: bool) -> Leg:
    change = amount * SIDE[Kind(account.kind)] * (1 if is_debit else -1)
    return Leg(
        account,
        is_debit,
        seq,
        amount=from_minor(amount, account.currency),
        before=from_minor(after - change, account.currency),
        after=from_minor(after, account.currency),
    )


def _taken(
    request: HttpRequest, original: Transfer, reversals: list[Transfer]
) -> list[tuple[Transfer, str, Note | None]]:
    """Each reversal with its amount, and who booked it and why."""
    notes = notes_of(request, [(SUBJECT, str(each.pk)) for each in reversals])
    said = {note.record.subject_id: note for note in notes}
    currency = original.debit.currency
    return [
        (
            each,
            money(from_minor(each.amount, currency), currency),
            said.get(str(each.pk)),
        )
        for each in reversals
    ]


def _facts(transfer: Transfer, cause: Key) -> Iterable[Fact]:
    """What was written beside it, but for blanks and what its cause says already; the
    house's own names for it are told in words."""
    told = {"import", "line"} if cause[0] == IMPORT else set()
    house = CAUSES[cause[0]].facts if cause[0] in CAUSES else {}
    words = {DESCRIPTION: _("Description"), **house}
    for name, value in transfer.metadata.items():
        if name not in told and value != "":
            yield Fact(words.get(name, name), value)


def _subjects_of(transfer: Transfer, cause: Key) -> Iterable[Subject]:
    """The transfer, what it stands for, and the batch that a file's line came in."""
    kind, pk = cause
    yield SUBJECT, str(transfer.pk)
    yield kind, pk.partition("/")[0]
    yield transfer.cause_type, transfer.cause_id
