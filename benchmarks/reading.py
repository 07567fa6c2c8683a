"""Reading the books: what was on the account that every payment passes, its history and
statement anywhere in the past, and the trial balance.

The yardstick is the same questions to 10,000 transfers: a clinic that has kept books
for years must not wait longer than one that began last week.
"""

from __future__ import annotations

from typing import Any

from benchmarks import years
from benchmarks.figures import ratio, summary
from benchmarks.size import Size
from benchmarks.stage import Stage, say

CEILING = 2.0
LIMIT_MS = 20.0
SMALL = 10_000
ROUNDS = 3
TIMES = 100

# They add up every account, or all that was booked since.
NOT_JUDGED = {"trial_balance", "trial_balance_a_week_ago", "result_of_a_month"}


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("small") as small, stage.database("big") as big:
        for url, number in ((small, SMALL), (big, size.rows)):
            say(f"reading: booking {number} transfers")
            years.fill(url, rows=number)
        rounds = [
            (stage.chore("readings", big, asked), stage.chore("readings", small, asked))
            for asked in [{"times": TIMES}] * (ROUNDS + 1)
        ]
    # The first round warms up.
    results = {name: _compare(name, rounds[1:]) for name in rounds[0][0]}
    return {
        "rows": size.rows,
        "baseline_rows": SMALL,
        "ceiling": CEILING,
        "ok": all(result["ok"] for result in results.values()),
        "questions": results,
    }


def _compare(name: str, rounds: list[tuple[Any, Any]]) -> dict[str, Any]:
    big_ms = [time for big, _ in rounds for time in big[name]["times_ms"]]
    small_ms = [time for _, small in rounds for time in small[name]["times_ms"]]
    figure, baseline = summary(big_ms, 0.5, 0.99), summary(small_ms, 0.5, 0.99)
    plan = rounds[-1][0][name]["plan"]
    share = ratio(figure["p99_ms"], baseline["p99_ms"])
    say(
        f"reading: {name} p99 {figure['p99_ms']} ms, of {SMALL} {baseline['p99_ms']} ms"
    )
    return {
        "figure": figure,
        "baseline": baseline,
        "ratio": share,
        "ratio_p50": ratio(figure["p50_ms"], baseline["p50_ms"]),
        "within_20_ms": figure["p99_ms"] <= LIMIT_MS,
        "database_ms": round(sum(each["ms"] for each in plan), 2),
        "ok": name in NOT_JUDGED
        or (share <= CEILING and not any(each["seq_scan"] for each in plan)),
        "plan": plan,
    }
