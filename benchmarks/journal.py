"""The journal: writing beside posting, sealing, verifying, proving, rebuilding.

Each figure stands beside a yardstick of the same run: posting without records, the
hashes alone of the same bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.figures import ratio
from benchmarks.size import Size
from benchmarks.stage import Stage, say

_WRITERS = 2
_POSTINGS = 100
# Three for each posting, and some of other rooms: what a busy clinic's file brings.
_EVENTS = 340


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("journal") as url:
        beside = _beside_posting(stage, url, size.round_seconds)
    with stage.database("journal_filled") as url:
        filled = _filled(stage, url, size.events)
    found = {**beside, **filled}
    return {**found, "ok": all(each.get("ok", True) for each in found.values())}


def _beside_posting(stage: Stage, url: str, seconds: float) -> dict[str, Any]:
    say(f"posting, {seconds:.0f} s three times")
    slowed = stage.chore("slowing", url, {"seconds": seconds})
    stage.chore("seal", url)  # what was written so far would be waited for
    with ThreadPoolExecutor(2) as beside:
        # Processes take seconds to start: the sealer outlasts whoever waits for it.
        asked = {"seconds": seconds + 15}
        sealer = beside.submit(stage.chore, "keep_sealing", url, asked)
        waiting = beside.submit(
            stage.chore, "wait_for_seals", url, {"seconds": seconds}
        )
        mixed = _posted(stage, url, seconds, events=_EVENTS)
        sealed, seals = sealer.result()["sealed"], waiting.result()
    events = mixed * _EVENTS / _POSTINGS
    return {
        "mixed": {
            "events_per_second": round(events),
            "postings_per_second": round(mixed),
            "sealed": sealed,
            "floor": {"events": 10_000, "postings": 3_000},
            "ok": events >= 10_000 and mixed >= 3_000,
        },
        "posting": {
            **slowed,
            "ceiling": 0.35,
            "ok": all(each["slowed"] <= 0.35 for each in slowed.values()),
        },
        "seal_after": {**seals, "ceiling_ms": 2_000, "ok": seals["p99_ms"] <= 2_000},
    }


def _posted(stage: Stage, url: str, seconds: float, *, events: int) -> float:
    """Postings a second of all writers together."""
    asked = {"seconds": seconds, "postings": _POSTINGS, "events": events}
    with ThreadPoolExecutor(_WRITERS) as pool:
        jobs = [
            pool.submit(stage.chore, "post_recorded", url, asked)
            for _ in range(_WRITERS)
        ]
        done = [job.result() for job in jobs]
    return sum(each["batches"] for each in done) * _POSTINGS / seconds


def _filled(stage: Stage, url: str, events: int) -> dict[str, Any]:
    say(f"{events} records")
    written = stage.chore("fill", url, {"events": events})
    sealed = stage.chore("seal", url)
    share = events / 1_000_000
    looks = {
        f"verify_{name}_{procs}": _look(
            stage, url, procs=procs, records=name == "full", ceiling=limit * share
        )
        for name, limit in (("full", 20), ("hashes", 10))
        for procs in (1, 2)
    }
    offline, proofs = stage.chore("offline", url), stage.chore("proofs", url)
    replayed = stage.chore("replay", url)
    sizes = stage.chore("sizes", url)
    rate = round(replayed["events"] / replayed["seconds"])
    return {
        "write": written,
        "seal": {**sealed, "ratio": ratio(sealed["seconds"], sealed["hashes"])},
        **{
            name: {**look, "baseline": sealed["hashes"]} for name, look in looks.items()
        },
        "offline": {
            **offline,
            "ceiling": max(5 * share, 2.0),
            "ok": offline["holds"] and offline["seconds"] <= max(5 * share, 2.0),
        },
        "proof": {
            **proofs,
            "ceiling": {"p95_ms": 50, "bytes": 2_048},
            "ok": proofs["p95_ms"] <= 50 and proofs["bytes"] <= 2_048,
        },
        "rebuild": {
            **replayed,
            "events_per_second": rate,
            "floor": 50_000,
            "ok": rate >= 50_000 and not replayed["differences"],
        },
        "bytes_an_event": {
            **sizes,
            "ceiling": {"integrity": 120},
            "ok": sizes["integrity"] <= 120,
        },
    }


def _look(
    stage: Stage, url: str, *, procs: int, records: bool, ceiling: float
) -> dict[str, Any]:
    look = stage.chore("verify", url, {"procs": procs, "records": records})
    judged = procs == 2
    fast = look["seconds"] <= max(ceiling, 2.0)
    return {
        **look,
        **({"ceiling": ceiling, "ok": fast and not look["findings"]} if judged else {}),
    }
