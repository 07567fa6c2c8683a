"""Rebuilds what rooms keep from what was written once, and compares the two.

A room registers what can be rebuilt: its events, a pure function that applies one, and
how its own rows look. The driver knows no room. What is rebuilt stands in
`audit_shadow`; beside it `Replay` keeps how far that is and a hash of it, so that the
next night goes on from there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any

import orjson
import psycopg
from django.db import connection
from django.db.transaction import atomic
from django.utils.functional import Promise

from areamedica.database import is_alone, one_moment
from audit.actions import Action
from audit.canonical import written
from audit.models import START, Checkpoint, Replay
from audit.services import record

State = dict[str, Any]
Apply = Callable[[State | None, tuple[Any, ...]], State]


@dataclass(frozen=True, kw_only=True)
class Projection:
    """What can be rebuilt.

    `events` is SQL that gives (key, ...) by key and in order, of what came after the
    place %(epoch)s, %(xid)s, %(id)s of the journal and is not in the shadow; `apply`
    takes the state of a key, None before its first event, and such a row; its KeyError
    or TypeError means that the event cannot be read. `live` is SQL that gives (key,
    state as jsonb). A state may leave out what no event tells. `swap` is SQL that sets
    the live rows of the keys in `%(keys)s` to their shadows.
    """

    name: str
    label: Promise
    events: str
    apply: Apply
    live: str
    swap: str


PROJECTIONS: dict[str, Projection] = {}


def register(projection: Projection) -> None:
    """Have a room's rows rebuilt and compared; called once, as the room gets ready."""
    PROJECTIONS[projection.name] = projection


_ROWS_AT_ONCE = 10_000
_KEYS_AT_ONCE = 2_000
# What differs is a defect or a crime: of more than these a person sees the pattern.
_NAMED = 1_000
# In the state of a key of whose events one cannot be applied; no live row has it.
_UNREADABLE = "unreadable"
_LOCK = int.from_bytes(b"replay")
_STATES = "SELECT key, state FROM audit_shadow WHERE projection = %s AND key = ANY(%s)"
_KEEP = """
INSERT INTO audit_shadow (projection, key, state)
SELECT %s, * FROM jsonb_each(%s::jsonb)
    ON CONFLICT (projection, key) DO UPDATE SET state = excluded.state
"""
_HASH = """
SELECT encode(sha256(coalesce(string_agg(
           sha256(convert_to(key || state::text, 'UTF8')), '' ORDER BY key COLLATE "C"
       ), '')), 'hex')
  FROM audit_shadow WHERE projection = %s
"""
_DIFFERING = """
SELECT key, live.state, shadow.state
  FROM ({live}) live(key, state)
  FULL JOIN (SELECT key, state FROM audit_shadow WHERE projection = %s) shadow
 USING (key)
 WHERE live.state IS NULL OR shadow.state IS NULL OR NOT live.state @> shadow.state
 ORDER BY 1 LIMIT %s
"""


def replay(projection: Projection, *, swap: bool = False) -> Replay | None:
    """Rebuild from the last replay on, compare, keep the result; None: one is at it.

    With `swap` the live rows that differ become what the events tell, all or none, and
    that is journaled. The database's constraints still hold.

    :raises IntegrityError: they refuse what the events tell.
    """
    with atomic(durable=True):
        one_moment()
        _take_your_time()
        if not is_alone(_LOCK):
            return None
        last = Replay.objects.filter(projection=projection.name).first()
        is_kept = last is not None and _hash(projection) == last.state_hash
        if not is_kept:
            _forget(projection)
        sealed = Checkpoint.objects.last()
        events = _rebuild(projection, last.leaf if last and is_kept else 0)
        if swap:
            _swap(projection)
        differences = [_said(*row) for row in _differing(projection)]
        if last and not is_kept:
            differences.append("the shadow was not as the last replay left it")
        return Replay.objects.create(
            projection=projection.name,
            leaf=sealed.size if sealed else 0,
            events=events,
            state_hash=_hash(projection),
            differences=written(differences).decode(),
        )


def _take_your_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def _hash(projection: Projection) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_HASH, [projection.name])
        return str(cursor.fetchone()[0])


def _forget(projection: Projection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audit_shadow WHERE projection = %s", [projection.name]
        )


def _rebuild(projection: Projection, leaf: int) -> int:
    """Apply every event after a leaf's place; how many there were."""
    at = Checkpoint.objects.filter(size=leaf).first()
    epoch, xid, pk = at.place if at else START
    place = {"epoch": epoch, "xid": xid, "id": pk}
    number = 0
    with psycopg.ServerCursor(connection.connection, "events") as cursor:
        cursor.execute(projection.events, place, binary=True)
        # By thousands: the cursor's own iterator takes as long as to apply an event.
        rows = chain.from_iterable(iter(partial(cursor.fetchmany, _ROWS_AT_ONCE), []))
        keys = groupby(rows, key=itemgetter(0))
        while batch := [(key, list(own)) for key, own in islice(keys, _KEYS_AT_ONCE)]:
            _keep(projection, _applied(projection, batch))
            number += sum(len(own) for _, own in batch)
    return number


def _applied(
    projection: Projection, batch: list[tuple[str, list[tuple[Any, ...]]]]
) -> Iterator[tuple[str, State]]:
    states = _states(projection, [key for key, _ in batch])
    for key, rows in batch:
        state = states.get(key)
        for row in rows:
            try:
                state = projection.apply(state, row)
            except (KeyError, TypeError):
                # Forged, or pruned before it was ever replayed. All others are told.
                state = {**(state or {}), _UNREADABLE: True}
        assert state is not None  # noqa: S101 (a key has events)
        yield key, state


def _states(projection: Projection, keys: list[str]) -> dict[str, State]:
    with psycopg.Cursor(connection.connection) as cursor:
        rows = cursor.execute(_STATES, [projection.name, keys])
        return {key: orjson.loads(state) for key, state in rows}


def _keep(projection: Projection, states: Iterable[tuple[str, State]]) -> None:
    """As one text of JSON: of an array of them psycopg looks at each quotation mark."""
    told = written(dict(states)).decode()
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [projection.name, told])


def _differing(projection: Projection) -> list[tuple[str, State | None, State | None]]:
    sql = _DIFFERING.format(live=projection.live)
    with connection.cursor() as cursor:
        cursor.execute(sql, [projection.name, _NAMED])
        return [
            (key, live and orjson.loads(live), shadow and orjson.loads(shadow))
            for key, live, shadow in cursor.fetchall()
        ]


def _said(key: str, live: State | None, shadow: State | None) -> str:
    """What a row says and what its events tell, where the two differ."""
    if shadow and _UNREADABLE in shadow:
        return f"{key}: one of its events cannot be read"
    if live is None:
        return f"{key}: its row is gone"
    if shadow is None:
        return f"{key}: no event tells of it"
    pairs = [
        f"{name} {live.get(name)}, replayed {told}"
        for name, told in shadow.items()
        if name not in live or live[name] != told
    ]
    return f"{key}: {'; '.join(pairs)}"


def _swap(projection: Projection) -> None:
    differing = _differing(projection)
    keys = [
        key
        for key, live, shadow in differing
        if live and shadow and _UNREADABLE not in shadow
    ]
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(projection.swap, {"keys": keys})
    record(
        Action.REPLAY_SWAPPED,
        actor_id=None,
        subject=("projection", projection.name),
        facts={"keys": keys},
    )


def differences(replayed: Replay | None) -> list[str]:
    """What a replay found, one sentence for each row."""
    return orjson.loads(replayed.differences) if replayed else []


def last_replays() -> list[Replay]:
    """The last replay of each projection."""
    newest = Replay.objects.order_by("projection", "-id")
    return list(newest.distinct("projection"))
