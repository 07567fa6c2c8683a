"""How far sealing is behind, and what the last look found."""

import json
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Min, Q

from audit.models import START, Checkpoint, Consumer, HeldEvent, Leaf, Verification
from audit.replay import differences, last_replays
from audit.seal.witnesses import named

# Without the horizon: what a long transaction holds back is late as well.
_BEHIND = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0)
  FROM (SELECT at FROM audit_record record
         WHERE (record.epoch, record.xid, record.id) > (%s, %s::text::xid8, %s)
         LIMIT 100000) waiting
"""
TOO_LATE = timedelta(minutes=1)
_ENOUGH = """
SELECT size FROM audit_cosignature WHERE witness = ANY(%s)
 GROUP BY size HAVING count(*) >= %s ORDER BY size DESC LIMIT 1
"""
_ALONE = """
SELECT coalesce(extract(epoch FROM now() - min(at)), 0)
  FROM audit_checkpoint WHERE size > %s
"""
TOO_ALONE = timedelta(minutes=15)


def behind() -> tuple[int, float]:
    """(records not sealed yet, up to 100 000; seconds since the oldest of them)."""
    last = Checkpoint.objects.last()
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, last.place if last else START)
        number, seconds = cursor.fetchone()
    return number, max(0.0, float(seconds))


def cosigned_size() -> int:
    """The size of the newest checkpoint that enough witnesses cosigned, or 0."""
    names = [witness.name for witness in named()]
    with connection.cursor() as cursor:
        cursor.execute(_ENOUGH, [names, settings.AUDIT_WITNESS_QUORUM])
        row = cursor.fetchone()
    return row[0] if row else 0


def alone() -> float:
    """Seconds since the oldest checkpoint without its witnesses; 0: none waits."""
    if not settings.AUDIT_WITNESSES:
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute(_ALONE, [cosigned_size()])
        return max(0.0, float(cursor.fetchone()[0]))


def last_look() -> Verification | None:
    """The last verification, whatever it found."""
    return Verification.objects.first()


def last_full_look() -> Verification | None:
    """The last verification from the first record on."""
    return Verification.objects.filter(since=0).first()


def findings() -> list[str]:
    """What the last look at everything found, and every one since; each once."""
    full = last_full_look()
    looks = Verification.objects.filter(pk__gte=full.pk if full else 0)
    told = looks.exclude(findings="[]").values_list("findings", flat=True)
    return list(dict.fromkeys(line for text in told for line in json.loads(text)))


def figures() -> dict[str, tuple[str, float]]:
    """Name of the figure -> (what it says, its value)."""
    number, seconds = behind()
    return {
        "journal_unsealed": ("Records without a seal", number),
        "journal_seal_lag_seconds": ("Age of the oldest of them", seconds),
        "journal_witness_lag_seconds": (
            "Age of the oldest checkpoint without its witnesses",
            alone(),
        ),
        "journal_disagrees": (
            "1: verification found something",
            float(bool(findings())),
        ),
        "journal_replay_differs": (
            "1: rows are not what their events tell",
            float(any(differences(each) for each in last_replays())),
        ),
    }


def health() -> str:
    """`ok`, or in a few words what is wrong with the seal."""
    if findings():
        return "verification failed"
    _, seconds = behind()
    if seconds >= TOO_LATE.total_seconds():
        return "not sealed"
    return "ok" if alone() < TOO_ALONE.total_seconds() else "not witnessed"


def following() -> dict[str, tuple[str, float]]:
    """How far the programs that follow the journal are behind, as `figures`."""
    sealed = Leaf.objects.aggregate(last=Max("number"))["last"]
    slowest = Consumer.objects.aggregate(at=Min("position"))["at"]
    behind = 0 if sealed is None or slowest is None else sealed + 1 - slowest
    dead = Q(attempts__gte=HeldEvent.MOST_ATTEMPTS)
    held = HeldEvent.objects.aggregate(all=Count("pk"), dead=Count("pk", filter=dead))
    return {
        "journal_consumer_lag": ("Leaves the slowest consumer has yet to read", behind),
        "journal_events_held": ("Events a consumer could not digest", held["all"]),
        "journal_dead_letters": ("Of these, given up", held["dead"]),
    }
