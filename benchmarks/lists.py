"""Reading twenty transactions of many, over HTTP: newest, by status, by last digits, by
name, and page 5,000 by cursor.

The yardstick is the same server on 10,000 rows, each in turn: a list must not grow slow
as the clinic grows old. The plans of PostgreSQL stand beside the times.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import psycopg

from benchmarks import load, rows
from benchmarks.figures import ratio, summary
from benchmarks.load import Ask, Plan
from benchmarks.processes import watched
from benchmarks.size import Size
from benchmarks.stage import CASHIER, Site, Stage, say

CEILING = 2.0
SMALL = 10_000
PAGE = 5_000
PAGE_SIZE = 20
ROUNDS = 3
CLIENTS = 2
REQUESTS = 100
VARIETY = 50
_LIST = "/api/v1/transactions"

Addresses = Callable[[psycopg.Connection[Any]], list[str]]


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("small") as small_url, stage.database("big") as big_url:
        for url, number in ((small_url, SMALL), (big_url, size.rows)):
            say(f"list: filling {number} rows")
            rows.fill(url, rows=number, author=CASHIER)
        with (
            stage.web(small_url) as small,
            stage.web(big_url) as big,
            watched({"web": big.process}) as memory,
        ):
            small.sign_in()
            big.sign_in()
            asked = {
                name: (_addresses(big_url, given), _addresses(small_url, given))
                for name, given in QUESTIONS.items()
            }
            results = {
                name: _compare(name, big, small, *both) for name, both in asked.items()
            }
        plans = stage.chore("plans", big_url, [both[0][0] for both in asked.values()])
        for result, plan in zip(results.values(), plans, strict=True):
            result["plan"] = plan
            result["ok"] = result["ok"] and not any(each["seq_scan"] for each in plan)
    return {
        "rows": size.rows,
        "baseline_rows": SMALL,
        "ceiling": CEILING,
        "ok": all(result["ok"] for result in results.values()),
        "questions": results,
        "memory": memory,
    }


def _addresses(url: str, given: Addresses) -> list[str]:
    with psycopg.connect(url) as line:
        return [f"{_LIST}?{query}" for query in given(line)]


def _newest(line: psycopg.Connection[Any]) -> list[str]:
    return ["page=1"]


def _first_page(line: psycopg.Connection[Any]) -> list[str]:
    return ["cursor="]


def _by_status(line: psycopg.Connection[Any]) -> list[str]:
    return ["status=TO_REVIEW"]


def _references(line: psycopg.Connection[Any]) -> list[str]:
    """Last six digits of some rows from all over the table."""
    found = line.execute(
        "SELECT right(reference, 6) FROM transactions_transaction ORDER BY id LIMIT %s",
        [VARIETY],
    )
    return [digits for (digits,) in found]


def _by_digits(line: psycopg.Connection[Any]) -> list[str]:
    return [f"reference={digits}" for digits in _references(line)]


def _by_search(line: psycopg.Connection[Any]) -> list[str]:
    return [f"search={digits}" for digits in _references(line)]


def _by_name(line: psycopg.Connection[Any]) -> list[str]:
    """Given and family name, as the cashier types them, of rows that exist."""
    found = line.execute(
        "SELECT customer_full_name FROM transactions_transaction ORDER BY id LIMIT %s",
        [VARIETY],
    )
    return [f"search={quote(name.lower())}" for (name,) in found]


def _by_common_name(line: psycopg.Connection[Any]) -> list[str]:
    return [f"search={name.lower()}" for name in rows.FIRST_NAMES[:10]]


def _deep_page(line: psycopg.Connection[Any]) -> list[str]:
    """The cursor that page 4,999 ends with, or the last page's of a shorter list."""
    (total,) = line.execute("SELECT count(*) FROM transactions_transaction").fetchone()
    page = min(PAGE, total // PAGE_SIZE)
    row = line.execute(
        "SELECT created_at, id FROM transactions_transaction"
        " ORDER BY created_at DESC, id DESC OFFSET %s LIMIT 1",
        [(page - 1) * PAGE_SIZE - 1],
    ).fetchone()
    raw = f"{row[0].isoformat()}|{row[1]}".encode()
    return [f"cursor={base64.urlsafe_b64encode(raw).decode().rstrip('=')}"]


QUESTIONS: dict[str, Addresses] = {
    "newest": _newest,
    "newest_by_cursor": _first_page,
    "by_status": _by_status,
    "by_last_six_digits": _by_digits,
    "by_search_for_digits": _by_search,
    "by_name": _by_name,
    "by_common_first_name": _by_common_name,
    "page_5000_by_cursor": _deep_page,
}


# Its time is the counting of up to 10,000 matches, which the contract promises.
NOT_JUDGED = {"by_common_first_name"}


def _compare(
    name: str, big: Site, small: Site, of_big: list[str], of_small: list[str]
) -> dict[str, Any]:
    """Both by turns; the first round warms up."""
    big_ms: list[float] = []
    small_ms: list[float] = []
    for number in range(ROUNDS + 1):
        mine, theirs = _times(big, of_big), _times(small, of_small)
        if number:
            big_ms += mine
            small_ms += theirs
    figure, baseline = summary(big_ms, 0.5, 0.99), summary(small_ms, 0.5, 0.99)
    ratios = {key[:3]: ratio(figure[key], baseline[key]) for key in figure}
    say(f"list: {name} p99 {figure['p99_ms']} ms, of 10,000 {baseline['p99_ms']} ms")
    return {
        "figure": figure,
        "baseline": baseline,
        "ratio": ratios["p99"],
        "ratio_p50": ratios["p50"],
        "ok": name in NOT_JUDGED or ratios["p99"] <= CEILING,
    }


def _times(site: Site, addresses: list[str]) -> list[float]:
    asks = [Ask(address, headers=site.headers) for address in addresses]
    return load.run(Plan(site.port, asks, CLIENTS, 20, most=REQUESTS)).times_ms
