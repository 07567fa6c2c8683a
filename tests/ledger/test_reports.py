"""Statements and reports agree with a plain sum over the transfers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from areamedica.clock import caracas_day, start_of
from ledger.amounts import from_minor
from ledger.chart import SIDE, Kind
from ledger.errors import AccountNotFound
from ledger.models import Account, Balance
from ledger.services import reading, reports, statements
from ledger.services.posting import post
from ledger.services.reports import AsOf
from ledger.services.statements import By, Place, statement
from tests.ledger.books import posting
from tests.ledger.past import Booked, account, changed, patient, random_book, write

pytestmark = pytest.mark.django_db

DAYS = [date(2026, 9, 20) + timedelta(days=n) for n in range(40)]


@pytest.fixture(params=[1, 2, 3])
def book(request: pytest.FixtureRequest) -> list[Booked]:
    made = random_book(request.param, DAYS, 90)
    write(made)
    return made


def counted(book: list[Booked], as_of: AsOf) -> list[Booked]:
    if as_of.at:
        return [each for each in book if each.at < as_of.at]
    if as_of.on:
        return [each for each in book if each.effective <= as_of.on]
    return book


def on_its_side(account: Account, debited: int) -> Decimal:
    return from_minor(debited * SIDE[Kind(account.kind)], account.currency)


MOMENTS = [
    AsOf(),
    *(AsOf(at=start_of(day)) for day in DAYS[::9]),
    *(AsOf(on=day) for day in DAYS[::9]),
    AsOf(on=DAYS[0] - timedelta(days=30)),
    AsOf(on=DAYS[-1] + timedelta(days=30)),
]


def test_every_balance_at_every_moment_is_the_sum_of_its_transfers(
    book: list[Booked],
) -> None:
    moved = Account.objects.filter(balance__seq__gt=0)
    for as_of in MOMENTS:
        so_far = counted(book, as_of)
        for each in moved:
            expected = on_its_side(each, changed(so_far, each.pk))
            held = reading.balance_of(each.pk)
            if as_of.at:
                assert reading.balance_at(held, as_of.at) == expected
            elif as_of.on:
                assert reading.balance_on(held, as_of.on) == expected
            else:
                assert from_minor(held.amount, held.currency) == expected


def test_every_report_at_every_moment_is_the_sum_of_the_transfers(
    book: list[Booked],
) -> None:
    for as_of in MOMENTS:
        so_far = counted(book, as_of)
        for currency in ("VES", "USD"):
            sheet = reports.balances(currency, as_of)
            assert sheet.debit == sheet.credit
            assert sheet.assets == sheet.liabilities + sheet.result
            expected = {
                code: cents
                for code, cents in by_line(so_far, currency).items()
                if cents
            }
            assert {
                line.code: int((line.debit - line.credit) * 100)
                for line in sheet.lines
                if line.amount
            } == expected


def by_line(book: list[Booked], currency: str) -> dict[str, int]:
    """Code of the line -> debited cents; patients under their heading."""
    found: dict[str, int] = {}
    for each in Account.objects.filter(currency=currency).select_related("parent"):
        line = each.parent.code if each.parent else each.code
        found[line] = found.get(line, 0) + changed(book, each.pk)
    return found


def test_a_heading_opens_into_its_accounts_page_by_page(book: list[Booked]) -> None:
    heading = account("2100")
    for as_of in MOMENTS:
        lines, after = [], ""
        while after is not None:
            page, after = reports.below(heading, as_of, after=after, limit=2)
            lines += page
        so_far = counted(book, as_of)
        assert {line.account_id: line.credit - line.debit for line in lines} == {
            pk: from_minor(-changed(so_far, pk), "VES")
            for pk in Account.objects.filter(parent=heading).values_list(
                "pk", flat=True
            )
        }
        folded = [
            line
            for line in reports.balances("VES", as_of).lines
            if line.account_id == heading
        ]
        used = [line for line in lines if line.amount]
        assert [line.accounts for line in folded] == ([len(used)] if used else [])
        assert sum(line.amount for line in folded) == sum(line.amount for line in used)


@pytest.mark.parametrize("by", By)
def test_a_statement_is_every_leg_of_its_days_and_runs_from_opening_to_closing(
    book: list[Booked], by: By
) -> None:
    for pk in (account("1110"), account("4100"), patient(1), patient(2, "USD")):
        held = Account.objects.get(pk=pk)
        for first, last in (
            (DAYS[5], DAYS[20]),
            (DAYS[8], DAYS[8]),
            (DAYS[0], DAYS[-1]),
        ):
            found, entries = every_page(pk, first, last, by)
            before = [each for each in book if day_of(each, by) < first]
            within = [each for each in book if first <= day_of(each, by) <= last]
            assert found.opening == on_its_side(held, changed(before, pk))
            assert found.closing == on_its_side(held, changed(before + within, pk))
            mine = [each for each in within if pk in (each.debit, each.credit)]
            mine.sort(key=lambda each: (day_of(each, by), each.at))
            assert [each.amount for each in entries] == [each.cents for each in mine]
            running = before
            for each, entry in zip(mine, entries, strict=True):
                running = [*running, each]
                assert from_minor(entry.balance, held.currency) == on_its_side(
                    held, changed(running, pk)
                )


def day_of(booked: Booked, by: By) -> date:
    return booked.effective if by is By.EFFECTIVE else caracas_day(booked.at)


def every_page(
    pk: UUID, first: date, last: date, by: By
) -> tuple[statements.Statement, list[reading.Entry]]:
    entries, after = [], None
    while True:
        page = statement(pk, first=first, last=last, by=by, after=after, limit=3)
        entries += page.entries
        if page.following is None:
            return page, entries
        after = Place.read(str(page.following))


def test_a_busy_account_is_read_in_growing_stretches(
    book: list[Booked], monkeypatch: pytest.MonkeyPatch
) -> None:
    transit = account("1110")
    _, at_once = every_page(transit, DAYS[0], DAYS[-1], By.EFFECTIVE)
    monkeypatch.setattr(statements, "_QUIET", 0)
    _, by_stretches = every_page(transit, DAYS[0], DAYS[-1], By.EFFECTIVE)
    assert [each.seq for each in by_stretches] == [each.seq for each in at_once]
    assert [each.balance for each in by_stretches] == [each.balance for each in at_once]


@pytest.mark.parametrize("by", By)
def test_what_is_booked_while_somebody_reads_is_not_on_his_statement(
    book: list[Booked], by: By
) -> None:
    """Neither between two pages nor between the questions of one."""
    transit, today = account("1110"), caracas_day(timezone.now())
    closed, before = every_page(transit, DAYS[0], today, by)

    def asked(execute: Any, *given: Any) -> Any:
        answer = execute(*given)
        post(posting(transit, account("4100"), effective=DAYS[1]))
        return answer

    with connection.execute_wrapper(asked):
        found, entries = every_page(transit, DAYS[0], today, by)
    assert Balance.objects.get(pk=transit).seq > len(entries)
    assert (found.opening, found.closing) == (closed.opening, closed.closing)
    assert [(each.seq, each.balance) for each in entries] == [
        (each.seq, each.balance) for each in before
    ]


def test_the_result_of_a_period_is_what_took_effect_in_it(book: list[Booked]) -> None:
    first, last = DAYS[7], DAYS[25]
    within = [each for each in book if first <= each.effective <= last]
    for currency in ("VES", "USD"):
        found = reports.income_statement(currency, first=first, last=last)
        fees, charges = account("4100", currency), account("5100", currency)
        assert found.income == from_minor(-changed(within, fees), currency)
        assert found.expenses == from_minor(changed(within, charges), currency)
        assert found.result == found.income - found.expenses
    whole = reports.income_statement(
        "VES", first=DAYS[0] - timedelta(days=30), last=DAYS[-1] + timedelta(days=30)
    )
    assert whole.result == reports.balances("VES").result


def test_empty_books_have_empty_reports() -> None:
    assert reports.balances("VES").lines == []
    assert reports.income_statement("VES", first=DAYS[0], last=DAYS[1]).lines == []
    assert [sheet.currency for sheet in reports.all_balances()] == ["VES"]
    found = statement(account("1110"), first=DAYS[0], last=DAYS[-1])
    assert (found.opening, found.closing) == (Decimal("0.00"), Decimal("0.00"))
    assert (found.entries, found.following) == ([], None)


def test_currencies_that_were_used_each_have_their_books(book: list[Booked]) -> None:
    found = reports.all_balances()
    assert [sheet.currency for sheet in found] == ["VES", "USD"]
    assert [sheet.lines for sheet in found] == [
        reports.balances(currency).lines for currency in ("VES", "USD")
    ]


def test_a_statement_of_no_account_is_refused() -> None:
    with pytest.raises(AccountNotFound):
        statement(account("2100"), first=DAYS[0], last=DAYS[1])


@pytest.mark.parametrize(
    "text",
    ["", "x", "2026-11-03", "2026-11-03.1", "2026-11-03.1.x", "3.4.2026-11-03"],
)
def test_a_place_that_nobody_gave_out_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Place.read(text)


def test_what_took_effect_on_another_day_is_found_by_its_index() -> None:
    bridge = "ledger_lies_between(effective, at, '2026-10-01')"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT 1 FROM ledger_entry WHERE {bridge}")
        assert str(cursor.fetchall()).count("transfer_off_its_day") == 2
