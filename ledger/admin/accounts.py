"""The accounts: found by code, name or owner; the page of one is its statement."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display

from accounts.visitors import actor_of
from areamedica.back_office import (
    CHANGES,
    OwnPages,
    QuietChangeList,
    can,
    page,
    telling,
    typed,
)
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import money
from audit.actions import Action
from ledger.admin import asked
from ledger.admin.causes import names_of_owners, owners_called
from ledger.admin.forms import ReasonForm
from ledger.admin.journal import MOST_SHOWN, Note, notes_of
from ledger.admin.rows import MOST_ROWS, as_rows, rows_of
from ledger.admin.sheets import as_csv, during
from ledger.admin.transfers import amount_of
from ledger.amounts import from_minor
from ledger.models import Account, Hold
from ledger.services import accounts, reports
from ledger.services.holds import open_holds
from ledger.services.reports import AsOf, Line
from ledger.services.statements import statement
from ledger.templatetags.book_words import short

_PAGE = 100
# What the journal calls one.
SUBJECT = "account"


class ByName(QuietChangeList):
    """A page of accounts, those of patients under the patients' names."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        owned = [each.pk for each in self.result_list if each.owner_id]
        names = names_of_owners(request, owned)
        for account in self.result_list:
            # What is listed is never saved.
            account.name = names.get(account.pk, account.name)


@admin.register(Account)
class Accounts(OwnPages):
    opens_with = (P.LEDGER_READ,)
    folder = "ledger"
    list_display = ("shown_code", "name", "kind", "shown_balance", "state")
    list_display_links = ("shown_code",)
    list_select_related = ("balance", "closure")
    list_filter: ClassVar[Any] = (
        ("kind", ChoicesDropdownFilter),
        "currency",
        ("balance__is_frozen", BooleanRadioFilter),
    )
    sortable_by = ()
    search_fields = ("code",)
    search_help_text = gettext_lazy("Code, name, or the document or phone of an owner")

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            path("<uuid:pk>/freeze/", door(self.freeze), name="account_freeze"),
            path("<uuid:pk>/release/", door(self.release), name="account_release"),
            path("<uuid:pk>/close/", door(self.close), name="account_close"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **_: object) -> type[ByName]:
        return ByName

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        named = Q(code__istartswith=term) | Q(name__icontains=term)
        return queryset.filter(named | Q(owner_id__in=_owners(request, term))), False

    @display(description=gettext_lazy("code"))
    def shown_code(self, account: Account) -> str:
        return short(account.code)

    @display(description=gettext_lazy("balance"))
    def shown_balance(self, account: Account) -> str | SafeString:
        if account.is_heading:
            return "—"
        balance = account.balance
        return format_html(
            '<b class="am-mono">{}</b>',
            money(from_minor(balance.amount, balance.currency), balance.currency),
        )

    @display(
        description=gettext_lazy("state"),
        label={"frozen": "danger", "closed": "warning"},
    )
    def state(self, account: Account) -> tuple[str, str] | str:
        if account.is_heading:
            return _("gathers others")
        if hasattr(account, "closure"):
            return ("closed", _("closed"))
        return ("frozen", _("frozen")) if account.balance.is_frozen else ""

    @page(P.LEDGER_READ)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        rows = Account.objects.select_related("parent", "balance", "closure__by")
        account = get_object_or_404(rows, pk=pk)
        read = self._heading if account.is_heading else self._statement
        return read(request, account)

    def _heading(self, request: HttpRequest, account: Account) -> HttpResponse:
        """Those that something was on, the largest amounts first; or all by code."""
        day, shows_all = asked.day_of(request), "all" in request.GET
        as_of, after = AsOf(on=day), asked.reached_of(request)
        found = reports.gathered(account.pk, as_of, after=after, limit=_PAGE)
        lines, following = [*found.lines], str(found.following or "")
        if shows_all:
            code = request.GET.get("after", "")[:64]
            lines, last = reports.below(account.pk, as_of, after=code, limit=_PAGE)
            following = last or ""
        return self._about(
            request,
            "heading",
            account,
            day=day,
            whole=found.whole,
            lines=_called(request, lines),
            following=following,
            is_first="after" not in request.GET,
            shows_all=shows_all,
            trail=asked.trail_on(day),
            form=asked.DayForm(initial={"on": day}),
        )

    def _statement(self, request: HttpRequest, account: Account) -> HttpResponse:
        period, by = asked.period_of(request), asked.by_of(request)
        if "csv" in request.GET:
            rows = as_rows(account, period.first, period.last, by)
            days = during(period.first, period.last)
            return as_csv(rows, "estado-de-cuenta", short(account.code), days)
        after = asked.place_of(request, period)
        notes = notes_of(request, [(SUBJECT, str(account.pk))])
        found = statement(
            account.pk,
            first=period.first,
            last=period.last,
            by=by,
            after=after,
            limit=_PAGE,
        )
        return self._about(
            request,
            "account",
            account,
            called=names_of_owners(request, [account.pk]).get(account.pk, ""),
            found=found,
            rows=rows_of(request, account, found.entries),
            is_first=after is None,
            period=period,
            by=by,
            most=MOST_ROWS,
            shortcuts=asked.shortcuts(asked.life_of(account.pk)),
            form=asked.ByForm(initial={**vars(period), "by": by}),
            by_query=f"by={by}",
            now=account.balance,
            closure=getattr(account, "closure", None),
            frozen=_freezing(account, notes),
            notes=notes[-MOST_SHOWN:],
            # Whoever wrote them may have called one of them "items".
            facts=[*_limits_of(account), *account.metadata.items()],
            holds=_holds_of(account),
            most_holds=_PAGE,
            balance=from_minor(account.balance.amount, account.currency),
            held=from_minor(account.balance.held, account.currency),
            reason_form=ReasonForm(),
            close_form=ReasonForm(auto_id="close_%s"),
            may_post=can(request, P.LEDGER_POST),
            is_closable=accounts.is_closable(account.balance),
            may_read_journal=can(request, P.AUDIT_READ),
        )

    def _about(
        self,
        request: HttpRequest,
        name: str,
        account: Account,
        *,
        called: str = "",
        **context: Any,
    ) -> HttpResponse:
        title = f"{short(account.code)} · {called or account.name}"
        return self._show(
            request, name, title=title, account=account, called=called, **context
        )

    @page(P.LEDGER_POST, methods=CHANGES)
    def freeze(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        done = _("Nothing moves on this account until it is released.")
        return self._carry_out(request, pk, accounts.freeze, done)

    @page(P.LEDGER_POST, methods=CHANGES)
    def release(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        done = _("The account moves again.")
        return self._carry_out(request, pk, accounts.release, done)

    @page(P.LEDGER_POST, methods=CHANGES)
    def close(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        done = _("The account is closed for good.")
        return self._carry_out(request, pk, accounts.close, done)

    def _carry_out(
        self, request: HttpRequest, pk: UUID, do: Callable[..., None], done: str
    ) -> HttpResponse:
        form = ReasonForm(request.POST)
        with telling(request):
            do(account_id=pk, actor=actor_of(request), **typed(form))
            messages.success(request, done)
        return redirect("admin:ledger_account_change", pk)


def _called(request: HttpRequest, lines: Iterable[Line]) -> list[Line]:
    """The lines of a heading, those of patients under the patients' names."""
    listed = [*lines]
    names = names_of_owners(request, [each.account_id for each in listed])
    return [
        replace(each, name=names.get(each.account_id, each.name)) for each in listed
    ]


def _limits_of(account: Account) -> Iterable[tuple[str, str]]:
    """What was agreed when it was opened."""
    for words, limit in (
        (_("Overdraft agreed"), account.overdraft),
        (_("Ceiling"), account.ceiling),
    ):
        if limit:
            minor = from_minor(limit, account.currency)
            yield words, money(minor, account.currency)


def _freezing(account: Account, notes: Iterable[Note]) -> Note | None:
    """What froze it, while it is frozen."""
    froze = [each for each in notes if each.record.action == Action.ACCOUNT_FROZEN]
    return froze[-1] if froze and account.balance.is_frozen else None


def _holds_of(account: Account) -> list[tuple[Hold, Account, str]]:
    """The first to expire of what is held: each with the other account and its amount.

    Of the account's money, or for it: the page says which.
    """
    held = open_holds(account.pk, now=timezone.now(), limit=_PAGE)
    return [
        (
            each,
            each.credit if each.debit_id == account.pk else each.debit,
            amount_of(each),
        )
        for each in held
    ]


def _owners(request: HttpRequest, term: str) -> Iterable[UUID]:
    called = owners_called(request, term)
    try:
        return {UUID(term), *called}
    except ValueError:
        return called
