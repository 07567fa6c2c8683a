"""What many measured times come to."""

from collections.abc import Sequence


def percentile(times: Sequence[float], share: float) -> float:
    """The time that `share` of all stay below: 0.99 leaves one in a hundred out."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(times: Sequence[float], *shares: float) -> dict[str, float]:
    """`{"p50_ms": …, "p99_ms": …}` of times in milliseconds."""
    return {
        f"p{share * 100:g}_ms": round(percentile(times, share), 2) for share in shares
    }


def ratio(figure: float, baseline: float) -> float:
    return round(figure / baseline, 3) if baseline else 0.0
