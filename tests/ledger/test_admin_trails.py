"""A click on a figure of a report comes to the same figure, and what explains it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from areamedica.money import as_written_here
from ledger.admin import asked
from ledger.chart import HEADINGS
from ledger.services.posting import post
from ledger.services.reports import OF_THE_RESULT
from tests.ledger.books import FEES, TRANSIT, posting
from tests.ledger.desk import BOOKS, account_page
from tests.ledger.past import Booked, account, patient, random_book, write

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

DAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(20)]
HEADING = account_page(account("2100"))
LINE = re.compile(
    r'<td><a href="([^"]+)"><b>([^<]+)</b>.*?</td>\s*'
    r'((?:<td class="am-right">[^<]*</td>)+)'
)
FIGURE = re.compile(r'<td class="am-right">([^<]+)</td>')


@pytest.fixture
def desk(back_office: Any, person: Any) -> Any:
    """The bookkeeper's browser."""
    return back_office(person("clara", "bookkeeper"))


@pytest.fixture
def book() -> None:
    write(random_book(8, DAYS, 80))


@dataclass(frozen=True)
class Shown:
    """A line of a report as it is seen, and where a click on it leads."""

    address: str
    code: str
    figures: list[str]

    @property
    def is_heading(self) -> bool:
        return self.code in {f"{each}-{x}" for each in HEADINGS for x in ("VES", "USD")}


def lines_of(answer: Any) -> list[Shown]:
    assert answer.status_code == 200
    found = LINE.findall(answer.content.decode())
    return [Shown(unescape(a), code, FIGURE.findall(cells)) for a, code, cells in found]


def at_end_of(answer: Any, words: str) -> str:
    """The figure in the last line of a table, which begins with these words."""
    pattern = rf'<th[^>]*>{words}[^/]*(?:</small>)?</th><td class="am-right">([^<]+)<'
    [figure] = re.findall(pattern, answer.content.decode())
    return str(figure)


def unsigned(figure: str) -> str:
    return figure.lstrip("-−")


def arrived_at(desk: Any, line: Shown) -> str:
    """What the page behind the line says that there is."""
    answer = desk.get(line.address)
    words = "Total del grupo" if line.is_heading else "Saldo final"
    return at_end_of(answer, words)


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("currency", ["VES", "USD"])
@pytest.mark.parametrize("on", ["", "2026-10-09", "2026-10-18"])
@pytest.mark.parametrize("report", ["trial", "sheet"])
def test_a_balance_leads_to_itself(
    desk: Any, report: str, on: str, currency: str
) -> None:
    query = {"on": on, "currency": currency}
    lines = lines_of(desk.get(f"{BOOKS}{report}/", query))
    assert {line.is_heading for line in lines} == {True, False}
    for line in lines:
        [figure] = line.figures
        found = arrived_at(desk, line)
        # In a trial balance the column is the sign.
        assert figure in ({found, unsigned(found)} if report == "trial" else {found})


@pytest.mark.usefixtures("book")
def test_what_is_seen_at_a_glance_leads_to_itself(desk: Any) -> None:
    answer = desk.get(BOOKS)
    lines = lines_of(answer)
    assert {line.code for line in lines} >= {"2100-VES", "2100-USD", "1110-USD"}
    for line in lines:
        assert line.figures == [arrived_at(desk, line)], line
    tiles = re.findall(
        r'<a class="am-tile[^"]*" href="([^"]+)"><span>([^<]+)</span><b>([^<]+)</b>',
        answer.content.decode(),
    )
    results = [(url, figure) for url, words, figure in tiles if "Resultado" in words]
    assert len(results) == 2
    for url, figure in results:
        assert at_end_of(desk.get(unescape(url)), "Resultado") == figure


SO_FAR = re.compile(r'<a href="([^"]+)">Ingresos menos gastos</a></td>(.*?)</tr>')


def accumulated(answer: Any) -> tuple[str, str]:
    """Where the result of a balance sheet leads to, and its figure."""
    [(address, cells)] = SO_FAR.findall(answer.content.decode())
    [figure] = FIGURE.findall(cells)
    return unescape(address), figure


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("currency", ["VES", "USD"])
@pytest.mark.parametrize("on", ["", "2026-10-09", "2026-10-18", "2026-08-01"])
def test_the_accumulated_result_leads_to_all_that_made_it(
    desk: Any, on: str, currency: str
) -> None:
    query = {"on": on, "currency": currency}
    address, figure = accumulated(desk.get(f"{BOOKS}sheet/", query))
    answer = desk.get(address)
    assert at_end_of(answer, "Resultado") == figure
    assert answer.context["period"].last.isoformat() == (on or str(asked.today()))


def test_what_will_take_effect_is_in_the_accumulated_result_too(desk: Any) -> None:
    soon = asked.today() + timedelta(days=5)
    post(posting(TRANSIT, account("4100"), "9.00", effective=soon))
    address, figure = accumulated(desk.get(f"{BOOKS}sheet/"))
    answer = desk.get(address)
    assert at_end_of(answer, "Resultado") == figure == "9,00"
    assert answer.context["period"].last == soon


def test_what_took_effect_before_the_first_booking_is_in_it_as_well(desk: Any) -> None:
    """As in books brought along from elsewhere."""
    long_ago = date(2025, 3, 14)
    post(posting(TRANSIT, account("4100"), "9.00", effective=long_ago))
    address, _figure = accumulated(desk.get(f"{BOOKS}sheet/"))
    answer = desk.get(address)
    assert at_end_of(answer, "Resultado") == "9,00"
    assert answer.context["period"].first == long_ago


def figures_below(answer: Any, words: str) -> list[str]:
    """Of a report's part: its lines and its total."""
    pattern = rf">{words}</th></tr>(.*?)</tbody>"
    [part] = re.findall(pattern, answer.content.decode(), re.S)
    return FIGURE.findall(part)


def test_a_part_of_a_report_has_its_total_and_the_whole_is_named_in_full(
    desk: Any,
) -> None:
    bank, opening = account("1120"), account("3900")
    post(posting(bank, opening, "50.00"))
    post(posting(bank, patient(1), "7.00"))
    post(posting(bank, account("2190"), "1.00"))
    post(posting(bank, account("4100"), "4.00"))
    post(posting(account("5100"), bank, "3.00"))
    sheet = desk.get(f"{BOOKS}sheet/")
    assert figures_below(sheet, "Pasivo") == ["7,00", "1,00", "8,00"]
    assert figures_below(sheet, "Patrimonio") == ["50,00", "50,00"]
    for page in (sheet, desk.get(BOOKS)):
        assert at_end_of(page, "Activo") == "59,00"
        assert at_end_of(page, "Pasivo, patrimonio y resultado") == "59,00"
    result = desk.get(accumulated(sheet)[0])
    assert figures_below(result, "Ingresos") == ["4,00", "4,00"]
    assert figures_below(result, "Gastos") == ["3,00", "3,00"]
    assert at_end_of(result, "Total ingresos") == "4,00"
    assert at_end_of(result, "Resultado") == "1,00"


def tabs_of(answer: Any) -> dict[str, str]:
    [nav] = re.findall(
        r'aria-label="Informes">(.*?)</nav>', answer.content.decode(), re.S
    )
    links = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', nav)
    return {words: unescape(address) for address, words in links}


def test_from_tab_to_tab_the_day_stays(desk: Any) -> None:
    sheet = desk.get(f"{BOOKS}sheet/?currency=USD&on=2026-10-09")
    result = desk.get(tabs_of(sheet)["Estado de resultados"])
    period = result.context["period"]
    assert (period.first, period.last) == (date(2026, 10, 1), date(2026, 10, 9))
    for name in ("Balance de comprobación", "Balance general"):
        again = desk.get(tabs_of(result)[name])
        assert again.context["day"] == period.last
        assert again.context["sheet"].currency == "USD"


def test_from_a_period_that_is_not_over_the_balances_are_those_of_today(
    desk: Any,
) -> None:
    tabs = tabs_of(desk.get(f"{BOOKS}result/?first=2026-10-01&last=2099-12-31"))
    assert desk.get(tabs["Balance general"]).context["day"] == asked.today()


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("currency", ["VES", "USD"])
def test_what_was_earned_leads_to_the_days_in_which_it_was(
    desk: Any, currency: str
) -> None:
    query = {"first": "2026-10-05", "last": "2026-10-14", "currency": currency}
    lines = lines_of(desk.get(f"{BOOKS}result/", query))
    assert {line.code[:4] for line in lines} == {"4100", "5100"}
    for line in lines:
        answer = desk.get(line.address)
        moved = as_written_here(answer.context["found"].movement)
        assert line.figures == [moved]
        assert f'Movimiento del período</td><td class="am-right">{moved}<' in (
            answer.content.decode()
        )


OF_A_PERIOD = (account_page(TRANSIT), f"{BOOKS}result/")


def address_of(answer: Any, words: str) -> str:
    """Where a shortcut leads to, or an arrow beside the month."""
    pattern = rf'href="(\?[^"]+)"(?: aria-label="{words}"|[^>]*>{words}</a>)'
    [query] = re.findall(pattern, answer.content.decode())
    return str(answer.wsgi_request.path + unescape(query))


def period_at(desk: Any, address: str) -> tuple[str, str]:
    shown = desk.get(address).context["period"]
    return str(shown.first), str(shown.last)


@pytest.mark.parametrize("address", OF_A_PERIOD)
@pytest.mark.parametrize(
    ("month", "before", "after"),
    [
        (
            ("2026-10-01", "2026-10-31"),
            ("2026-09-01", "2026-09-30"),
            ("2026-11-01", "2026-11-30"),
        ),
        (
            ("2024-01-01", "2024-01-31"),
            ("2023-12-01", "2023-12-31"),
            ("2024-02-01", "2024-02-29"),
        ),
    ],
)
def test_beside_a_month_are_the_one_before_and_the_one_after(
    desk: Any,
    address: str,
    month: tuple[str, str],
    before: tuple[str, str],
    after: tuple[str, str],
) -> None:
    kept = {"currency": "USD", "by": "effective"}
    first, last = month
    answer = desk.get(address, {"first": first, "last": last, **kept})
    for words, wanted in (("Mes anterior", before), ("Mes siguiente", after)):
        beside = address_of(answer, words)
        assert period_at(desk, beside) == wanted
        assert "currency=USD" in beside or "by=effective" in beside


@pytest.mark.parametrize("address", OF_A_PERIOD)
def test_beside_days_that_are_no_month_is_nothing(desk: Any, address: str) -> None:
    answer = desk.get(address, {"first": "2026-10-01", "last": "2026-10-30"})
    assert "Mes anterior" not in answer.content.decode()


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("address", OF_A_PERIOD)
def test_everything_is_from_the_first_day_until_today(desk: Any, address: str) -> None:
    long_ago = date(2025, 3, 14)
    post(posting(TRANSIT, account("4100"), "9.00", effective=long_ago))
    whole = address_of(desk.get(address), "Todo")
    assert period_at(desk, whole) == ("2025-03-14", str(asked.today()))


def test_everything_of_an_account_is_its_own(desk: Any) -> None:
    post(posting(account("1120"), FEES, effective=date(2025, 3, 14)))
    post(posting(TRANSIT, FEES, effective=date(2025, 4, 15)))
    whole = address_of(desk.get(account_page(TRANSIT)), "Todo")
    assert period_at(desk, whole)[0] == "2025-04-15"
    unused = account_page(account("4000"))
    today = str(asked.today())
    assert period_at(desk, address_of(desk.get(unused), "Todo")) == (today, today)


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("by", ["booked", "effective"])
def test_everything_of_an_account_begins_with_nothing(desk: Any, by: str) -> None:
    start = desk.get(account_page(TRANSIT), {"by": by})
    found = desk.get(address_of(start, "Todo")).context["found"]
    assert found.opening == 0
    assert found.closing == start.context["balance"]


def test_no_heading_is_of_the_result() -> None:
    """Its page tells of a day, not of a period."""
    assert not {line.kind for line in HEADINGS.values()} & {*OF_THE_RESULT}


def pages_of(desk: Any, address: str) -> Iterator[Any]:
    while address:
        answer = desk.get(address)
        yield answer
        links = re.findall(r'href="([^"]+)" data-key="n"', answer.content.decode())
        address = HEADING + unescape(links[0]) if links else ""


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("on", ["", "2026-10-09"])
def test_a_heading_is_made_up_by_its_largest_accounts_page_by_page(
    desk: Any, on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(77)
    monkeypatch.setattr("ledger.admin.accounts._PAGE", 2)
    pages = [*pages_of(desk, f"{HEADING}?on={on}")]
    [total] = {at_end_of(page, "Total del grupo") for page in pages}
    days = {"Al final del 09/10/2026" in page.content.decode() for page in pages}
    assert days == {bool(on)}
    lines = [line for page in pages for line in page.context["lines"]]
    amounts = [line.amount for line in lines]
    assert len(pages) > 1
    assert amounts == sorted(amounts, reverse=True)
    assert len({line.account_id for line in lines}) == len(lines)
    assert min(amounts) > 0
    assert as_written_here(sum(amounts)) == total
    for page in pages:
        for line in lines_of(page):
            assert line.figures == [arrived_at(desk, line)]


@pytest.mark.usefixtures("book")
def test_a_heading_shows_all_its_accounts_by_code(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = patient(77)
    monkeypatch.setattr("ledger.admin.accounts._PAGE", 2)
    first = desk.get(f"{HEADING}?on=2026-10-09")
    [address] = re.findall(r'href="([^"]+)">Todas', first.content.decode())
    pages = [*pages_of(desk, HEADING + unescape(address))]
    lines = [line for page in pages for line in page.context["lines"]]
    assert empty in {line.account_id for line in lines}
    codes = [line.code for line in lines]
    assert codes == sorted({*codes})
    [total] = {at_end_of(page, "Total del grupo") for page in pages}
    assert total == at_end_of(first, "Total del grupo")
    assert as_written_here(sum(line.amount for line in lines)) == total


def test_of_equal_amounts_none_is_left_out_between_two_pages(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [patient(number) for number in range(5)]
    for pk in people:
        post(posting(TRANSIT, pk, "3.00"))
    monkeypatch.setattr("ledger.admin.accounts._PAGE", 2)
    pages = [*pages_of(desk, HEADING)]
    shown = [line.account_id for page in pages for line in page.context["lines"]]
    assert [len(page.context["lines"]) for page in pages] == [2, 2, 1]
    assert sorted(shown) == sorted(people)


def test_a_past_day_may_have_both_sides_and_accounts_that_are_empty_now(
    desk: Any,
) -> None:
    """What is taken on the 10th of money that takes effect on the 12th."""
    tenth, twelfth = date(2026, 10, 10), date(2026, 10, 12)
    noon = datetime(2026, 10, 10, 16, tzinfo=UTC)
    ana, beto = patient(1), patient(2)
    write(
        [
            Booked(TRANSIT, ana, 700, noon, tenth),
            Booked(TRANSIT, beto, 500, noon, twelfth),
            Booked(beto, TRANSIT, 500, noon, tenth),
        ]
    )
    answer = desk.get(f"{HEADING}?on=2026-10-10")
    assert [line.figures for line in lines_of(answer)] == [["7,00"], ["-5,00"]]
    assert at_end_of(answer, "Debe") == "5,00"
    assert at_end_of(answer, "Haber") == "7,00"
    assert at_end_of(answer, "Total del grupo") == "2,00"
    [trial] = [
        line.figures
        for line in lines_of(desk.get(f"{BOOKS}trial/?on=2026-10-10"))
        if line.is_heading
    ]
    assert trial == ["5,00", "7,00"]
    [now] = lines_of(desk.get(HEADING))
    assert now.figures == ["7,00"]


def test_an_empty_heading_says_so(desk: Any) -> None:
    patient(1)
    for query in ({}, {"on": "2026-10-09"}, {"after": "x"}, {"after": "9.x"}):
        answer = desk.get(HEADING, query)
        assert "No hay nada en ninguna cuenta." in answer.content.decode()
        assert at_end_of(answer, "Total del grupo") == "0,00"
