"""Prove the books from the transfers alone, and name whatever is wrong."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from django.db import connection
from django.db.models import F
from django.db.models.functions import Extract, Now
from django.db.transaction import atomic

from areamedica import database
from ledger.errors import ProofUnderWay
from ledger.models import Proof, Transfer
from ledger.services import holds, partitioning, reversal
from ledger.services.batches import BATCH, ENTRY

GUARDED = (
    "ledger_account",
    "ledger_transfer",
    "ledger_hold",
    "ledger_holdend",
    "ledger_closing",
    "ledger_closure",
)
_LEGS, _JOURNAL, _KEYS, _FAULTS = (
    Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
    for name in ("proof_legs", "proof_journal", "proof_keys", "proof")
)
_AT_MOST = 1_000
_KEPT = 100
_LOCK = 4715201
# A share sorts in memory what it can. Whoever gave out shares waits for them.
_SETTINGS = """
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL work_mem = '256MB';
"""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: its kind, the row, and what was seen there."""

    kind: str
    subject: str
    detail: str = ""


Witness = Callable[[], Iterable[Finding]]
_WITNESSES: dict[str, Witness] = {}
_UNVOUCHED = """
SELECT 'cause_unknown', cause_type, count(*)::text FROM ledger_transfer
 WHERE cause_type <> ALL (%(known)s) GROUP BY cause_type
"""


def also_ask(cause: str, witness: Witness) -> None:
    """Have a room above vouch for the transfers of its cause, and say which of its rows
    lacks its own. The journal vouches for what the books themselves cause."""
    _WITNESSES[cause] = witness


def missing_guards(alias: str = "default") -> list[str]:
    """Which trigger is absent or switched off, such as `ledger_transfer x`."""
    tables = (*GUARDED, "ledger_key", *partitioning.partitions(alias))
    missing = [" ".join(each) for each in database.missing_guards(tables, alias)]
    unkept = partitioning.missing_keepers(alias)
    return [*missing, *(f"{table} transfer_key_once" for table in unkept)]


def findings(procs: int = 1) -> list[Finding]:
    """Everything wrong with the books: what is missing of the guards and what the
    witnesses say, then the first thousand by kind and subject.

    The books are read at one moment, in a transaction of their own, by `procs`
    connections side by side; posting goes on meanwhile. What is found, and its order,
    do not depend on their number.

    :raises DatabaseError: a connection was lost; then nothing is proved.
    :raises ProofUnderWay: somebody is at it already.
    """
    return _proved(procs)[1]


def prove(procs: int = 1) -> tuple[Proof, list[Finding]]:
    """Look for findings; keep their number, and the first, for those who watch.

    :raises DatabaseError: :raises ProofUnderWay: as `findings`; no proof is kept.
    """
    transfers, found = _proved(procs)
    kept = [astuple(each) for each in found[:_KEPT]]
    proof = Proof.objects.create(
        transfers=transfers, problems=len(found), findings=kept
    )
    return proof, found


def _proved(procs: int) -> tuple[int, list[Finding]]:
    """How many transfers were looked at, and what was found."""
    with atomic(durable=True), _shared(procs) as looks:
        transfers = Transfer.objects.count()
        beside = [Finding("guard_missing", each) for each in missing_guards()]
        cut = partitioning.left_behind()
        beside += [Finding("partition_unfinished", each) for each in cut]
        own = (BATCH, ENTRY, holds.CAUSE, reversal.CAUSE)
        beside += _asked(_UNVOUCHED, {"known": [*own, *_WITNESSES]})
        for witness in _WITNESSES.values():
            beside += witness()
        found = _named([each.result() for each in looks])
    return transfers, [*beside, *found]


@dataclass(frozen=True)
class _Looked:
    """What came of one share: are its legs sound, and what has a name already."""

    are_sound: bool
    found: list[Finding]


@contextmanager
def _shared(procs: int) -> Iterator[list[Future[_Looked]]]:
    """Begin to look, at the moment of this transaction."""
    database.one_moment()
    # Whoever may read may ask for a proof; twenty at once would keep all workers.
    if not database.is_alone(_LOCK):
        raise ProofUnderWay
    if procs == 1:
        done: Future[_Looked] = Future()
        done.set_result(_look(0, 1))
        yield [done]
        return
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
    with ThreadPoolExecutor(procs) as pool:
        yield [
            pool.submit(_look_beside, snapshot, part, procs) for part in range(procs)
        ]


def _look_beside(snapshot: str, part: int, parts: int) -> _Looked:
    """`_look` on another connection, which PostgreSQL gives a process of its own."""
    try:
        with atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
            return _look(part, parts)
    finally:
        connection.close()


def _look(part: int, parts: int) -> _Looked:
    share = {"part": part, "parts": parts}
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(_LEGS, share)
        [are_sound] = cursor.fetchone()
    found = _asked(_JOURNAL, share)
    if partitioning.partitions():
        found += _asked(_KEYS, share)
    return _Looked(are_sound, found)


def _named(looks: list[_Looked]) -> list[Finding]:
    are_sound = all(each.are_sound for each in looks)
    found = _asked(_FAULTS, {"are_sound": are_sound})
    if not (are_sound or found):
        found = [Finding("legs_unsound", "books")]
    found += [each for look in looks for each in look.found]
    return sorted(found, key=astuple)[:_AT_MOST]


def _asked(sql: str, given: Mapping[str, int | list[str]]) -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [Finding(*row) for row in cursor.fetchall()]


def last_proof() -> dict[str, tuple[str, float]]:
    """Name of the figure -> (what it says, its value); empty before the first proof."""
    age = Extract(Now() - F("at"), "epoch")
    last = Proof.objects.annotate(age=age).values("problems", "age").first()
    if last is None:
        return {}
    return {
        "ledger_problems": ("Found wrong by the last proof", last["problems"]),
        "ledger_proof_age_seconds": ("Since the last proof", float(last["age"])),
    }
