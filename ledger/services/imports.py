"""A file into the books: looked at, confirmed, and booked whole or not at all."""

import hashlib
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

import structlog
from django.db import connection
from django.db.models.functions import Now
from django.db.transaction import atomic, on_commit

from accounts.models import SYSTEM_ID, User
from areamedica import doorbell
from areamedica.database import is_alone
from areamedica.errors import Refusal
from areamedica.permissions import Permission
from audit.actions import Action
from audit.causes import going_on_with
from audit.services import record
from ledger.chart import account_id
from ledger.errors import ImportNotFound, ImportNotReady
from ledger.import_file import DecimalMark, Fault, Row, Wrong, read
from ledger.models import Import, ImportState
from ledger.services.accounts import owned_account
from ledger.services.batches import BATCH, book_batch
from ledger.services.import_sheet import Sheet, judge, parts_of
from ledger.services.posting import Outcome, Posting, lock

AT_ONCE = 1_000
MOST_ATTEMPTS = 5
CONFIRMED_WITHIN = timedelta(days=7)
# Of this database: whoever holds it books an import, nobody else does.
_LOCK = 7_310_001
log = structlog.get_logger("ledger.imports")


class _Undone(Exception):
    """The books refused a row, so nothing of the file may stay."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.fault)
        self.wrong = wrong


class _Beside:
    """Writes progress on a connection of its own, where others can see it at once."""

    def __init__(self, import_id: UUID) -> None:
        self.line = connection.copy()
        self.import_id = import_id

    def close(self) -> None:
        self.line.close()

    def begins(self) -> None:
        self._write("attempts = attempts + 1, rows_done = 0", [])

    def has_done(self, rows: int) -> None:
        self._write("rows_done = %s", [rows])

    def _write(self, change: str, values: list[int]) -> None:
        with self.line.cursor() as cursor:
            cursor.execute(
                f"UPDATE ledger_import SET {change} WHERE id = %s",  # noqa: S608 (ours)
                [*values, self.import_id],
            )


@atomic
def upload(
    *,
    content: bytes,
    file_name: str,
    mark: DecimalMark,
    actor: User,
    today: date,
) -> Import:
    """Look at a file and keep it, READY to be confirmed or FAULTY; nothing is booked.

    `today` is the Caracas day after which a row would lie in the future.

    :raises Forbidden: :raises UnreadableFile: it is no file of transfers at all.
    """
    actor.demand(Permission.LEDGER_POST)
    rows, unread = read(content, mark=mark, today=today)
    sheet = judge(rows, unread)
    made = Import.objects.create(
        file_name=file_name[-120:],
        digest=hashlib.sha256(content).hexdigest(),
        content=b"" if _is_at_its_end(sheet) else content,
        decimal_mark=mark,
        state=_state_of(sheet),
        preview=sheet.as_json(),
        rows_total=len(rows) + len(unread),
        uploaded_by=actor,
        **({"ended_at": Now()} if _is_at_its_end(sheet) else {}),
    )
    _journal(Action.IMPORT_UPLOADED, made, actor.pk, state=made.state)
    return made


def _state_of(sheet: Sheet) -> ImportState:
    if sheet.wrongs:
        return ImportState.FAULTY
    return ImportState.READY if sheet.rows else ImportState.BOOKED


def _is_at_its_end(sheet: Sheet) -> bool:
    return _state_of(sheet) is not ImportState.READY


@atomic
def confirm(*, import_id: UUID, actor: User) -> Import:
    """Have a worker book the file. Whoever looked at it first may be another.

    :raises Forbidden: :raises ImportNotFound: :raises ImportNotReady:
    """
    ready = _ready(import_id, actor)
    ready.state = ImportState.CONFIRMED
    ready.confirmed_by = actor
    ready.save(update_fields=["state", "confirmed_by"])
    _journal(Action.IMPORT_CONFIRMED, ready, actor.pk)
    on_commit(lambda: doorbell.ring("ledger.book_imports"))
    return ready


@atomic
def discard(*, import_id: UUID, actor: User) -> None:
    """Forget a file that was not confirmed.

    :raises Forbidden: :raises ImportNotFound: :raises ImportNotReady:
    """
    ready = _ready(import_id, actor)
    _end(ready, ImportState.DISCARDED)
    _journal(Action.IMPORT_DISCARDED, ready, actor.pk)


@atomic
def forget_unconfirmed(now: datetime) -> None:
    """Discard what nobody has confirmed in time; for a worker.

    A file may name people, and it is kept to be booked only.
    """
    late = Import.objects.filter(
        state=ImportState.READY, uploaded_at__lt=now - CONFIRMED_WITHIN
    )
    # Whoever has one of them locked is confirming or discarding it.
    for each in late.defer("content").select_for_update(skip_locked=True):
        _end(each, ImportState.DISCARDED)
        _journal(Action.IMPORT_DISCARDED, each, SYSTEM_ID)


def _ready(import_id: UUID, actor: User) -> Import:
    actor.demand(Permission.LEDGER_POST)
    found = Import.objects.select_for_update().filter(pk=import_id).first()
    if found is None:
        raise ImportNotFound
    if found.state != ImportState.READY:
        raise ImportNotReady
    return found


def book_confirmed(*, today: date) -> None:
    """Book every confirmed import, the oldest first; for a worker.

    One that fails in our own code does not stop the others; beat brings the next try.
    """
    waiting = Import.objects.filter(state=ImportState.CONFIRMED).order_by("uploaded_at")
    for pk in waiting.values_list("pk", flat=True):
        try:
            book(import_id=pk, today=today)
        except Exception:
            log.exception("import_failed", **{"import": str(pk)})


def book(*, import_id: UUID, today: date) -> None:
    """Book a confirmed import in one database transaction, or say why not.

    Does nothing while another process books any. A process that dies leaves nothing in
    the books, and the next one begins anew.
    """
    confirmed = going_on_with(("import", import_id), [Action.IMPORT_CONFIRMED])
    with confirmed, closing(_Beside(import_id)) as beside:
        try:
            _book(import_id, today, beside)
        except _Undone as undone:
            _fail(import_id, undone.wrong)
        except Refusal as refusal:
            _fail(import_id, Wrong(0, Fault.REFUSED, cell=refusal.code))


def book_now(*, import_id: UUID, today: date) -> Import:
    """Book a confirmed import here, or wait until the worker that has it is done."""
    while True:
        book(import_id=import_id, today=today)
        now = Import.objects.get(pk=import_id)
        if now.state != ImportState.CONFIRMED:
            return now
        time.sleep(0.5)


@atomic
def _book(import_id: UUID, today: date, beside: _Beside) -> None:
    """:raises _Undone:"""
    if not is_alone(_LOCK):
        return
    waiting = Import.objects.select_related("confirmed_by")
    found = waiting.filter(pk=import_id, state=ImportState.CONFIRMED).first()
    if found is None:
        return
    beside.begins()
    if found.attempts >= MOST_ATTEMPTS:
        raise _Undone(Wrong(0, Fault.REFUSED))
    rows, unread = read(bytes(found.content), mark=found.decimal_mark, today=today)
    sheet = judge(rows, unread)
    if sheet.wrongs:
        raise _Undone(sheet.wrongs[0])
    _open(sheet.new_accounts, found)
    # All balances in the order of posting: batch after batch then cannot deadlock.
    lock(*{account_id(code) for row in sheet.rows for code in (row.debit, row.credit)})
    for first in range(0, len(sheet.rows), AT_ONCE):
        _post(sheet.rows[first : first + AT_ONCE], first, found)
        beside.has_done(sheet.already + min(first + AT_ONCE, len(sheet.rows)))
    booked = len(sheet.rows)
    _end(found, ImportState.BOOKED, rows_booked=booked, rows_done=found.rows_total)
    _journal(Action.IMPORT_BOOKED, found, SYSTEM_ID, booked=booked)


def _open(codes: Sequence[str], found: Import) -> None:
    for number, currency, owner_id in filter(None, map(parts_of, codes)):
        owned_account(
            number=number,
            currency=currency,
            owner_id=owner_id,
            actor_id=found.confirmed_by_id or SYSTEM_ID,
        )


def _post(rows: Sequence[Row], first: int, found: Import) -> None:
    """:raises _Undone: the books refused one."""
    assert found.confirmed_by  # noqa: S101 (a constraint of the row)
    outcomes = book_batch(
        postings=[_posting(row, found) for row in rows],
        actor=found.confirmed_by,
        batch=uuid5(found.pk, str(first)),
    )
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome != Outcome.POSTED:
            raise _Undone(Wrong(row.line, Fault.REFUSED, cell=outcome))


def _posting(row: Row, found: Import) -> Posting:
    return Posting(
        key=row.key,
        debit=account_id(row.debit),
        credit=account_id(row.credit),
        amount=row.amount,
        currency=row.currency,
        code=row.code,
        effective=row.day,
        cause=(BATCH, ""),
        metadata={
            "import": str(found.pk),
            "line": row.line,
            "description": row.description,
        },
    )


def _end(found: Import, state: ImportState, **facts: object) -> None:
    """:raises ImportNotReady: it has come to an end already."""
    open_ones = Import.objects.filter(content__gt=b"", pk=found.pk)
    if not open_ones.update(state=state, content=b"", ended_at=Now(), **facts):
        raise ImportNotReady


@atomic
def _fail(import_id: UUID, wrong: Wrong) -> None:
    found = Import.objects.get(pk=import_id)
    _end(found, ImportState.FAILED, failure=asdict(wrong))
    _journal(
        Action.IMPORT_FAILED, found, SYSTEM_ID, line=wrong.line, fault=wrong.fault.value
    )


def _journal(action: Action, about: Import, actor: UUID, **facts: object) -> None:
    record(
        action,
        actor_id=actor,
        subject=("import", about.pk),
        facts={"digest": about.digest, "rows": about.rows_total, **facts},
    )
