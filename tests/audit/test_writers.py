"""The writer's MAC: what is done to a record before it is sealed shows as well."""

import base64
import hmac
import json
from collections.abc import Callable
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import rfc8785
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, connection
from django.db.transaction import atomic
from structlog.contextvars import bound_contextvars

from accounts.models import User
from audit import writers
from audit.actions import Action
from audit.canonical import canonical, written
from audit.models import Leaf, Record
from audit.seal.entries import Raw, bytes_of, columns, entry_of
from audit.seal.sealing import seal
from audit.seal.verification import verify
from audit.services import Event, record, record_all, record_with, row_of, rows_of
from tests.transactions.bodies import TRANSACTIONS, transfer

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

Sql = Callable[[str], None]


def told(**given: Any) -> list[str]:
    return [str(finding) for finding in verify(**given).findings]


@pytest.fixture
def story() -> list[int]:
    """Five records of one subject, not sealed yet; their ids."""
    for number in range(1, 6):
        record(
            Action.TRANSACTION_CHANGED,
            actor_id=None,
            subject=("transaction", "a"),
            facts={"n": number},
            version=number,
        )
    return list(Record.objects.order_by("id").values_list("id", flat=True))


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "UPDATE audit_record SET facts = '{{}}' WHERE id = {2}",
            ["forged: record {2}"],
        ),
        ("UPDATE audit_record SET via = 'key' WHERE id = {2}", ["forged: record {2}"]),
        (
            "UPDATE audit_record a SET mac = b.mac FROM audit_record b"
            " WHERE (a.id, b.id) IN (({1}, {2}), ({2}, {1}))",
            ["forged: record {1}", "forged: record {2}"],
        ),
        (
            "DELETE FROM audit_record WHERE id = {2}",
            ["missing: record 3 of transaction a"],
        ),
        (
            "INSERT INTO audit_record (action, subject_type, subject_id, request_id,"
            " facts, mac) SELECT action, subject_type, subject_id, request_id, facts,"
            " mac FROM audit_record WHERE id = {2}",
            ["forged: record ", "inserted: record "],
        ),
    ],
)
def test_an_edit_before_the_seal_is_named(
    story: list[int],
    superuser: Sql,
    sql: str,
    found: list[str],
) -> None:
    superuser(sql.format(*story))
    seal()
    lines = told()
    for each in found:
        assert any(line.startswith(each.format(*story)) for line in lines), lines
    assert len(lines) == len(found)
    assert told(records=False) == []  # what was sealed is as it was


def test_a_record_without_a_mac_is_named_once_all_have_one(
    story: list[int],
    superuser: Sql,
) -> None:
    superuser(
        f"UPDATE audit_record SET at = at - interval '2 hours' WHERE id = {story[0]};"
        f"UPDATE audit_record SET mac = NULL, version = NULL WHERE id = {story[4]}"
    )
    seal()
    assert told() == [f"forged: record {story[4]} (no writer's MAC)"]


def test_one_number_is_given_once(story: list[int]) -> None:
    with pytest.raises(IntegrityError, match="record_of_subject_once"), atomic():
        record(
            Action.TRANSACTION_CHANGED,
            actor_id=None,
            subject=("transaction", "a"),
            version=5,
        )


def test_a_former_key_goes_on_to_count(story: list[int], settings: Any) -> None:
    seal()
    settings.AUDIT_OLD_WRITER_KEYS = [settings.AUDIT_WRITER_KEY]
    settings.AUDIT_WRITER_KEY = base64.b64encode(bytes(32)).decode()
    record(Action.EXPORTED, actor_id=None)
    seal()
    assert told() == []
    settings.AUDIT_OLD_WRITER_KEYS = []
    assert told() == [f"forged: record {pk} (the writer's MAC)" for pk in story]


def test_records_from_before_keep_their_bytes(superuser: Sql) -> None:
    record(Action.EXPORTED, actor_id=None, facts={"n": 1})
    superuser("UPDATE audit_record SET mac = NULL")
    old = Record.objects.get()
    at = old.at.astimezone().isoformat()
    assert json.loads(entry_of(old)).keys() == {
        "action",
        "actor",
        "at",
        "epoch",
        "facts",
        "id",
        "request",
        "subject",
        "subject_type",
        "xid",
    }, at
    seal()
    assert bytes(Leaf.objects.get().entry) == entry_of(old)
    assert told() == []


def test_where_an_act_came_from_is_kept(
    api: Any, ana: User, aldo: User, back_office: Any
) -> None:
    made = (
        api(ana)
        .post(f"{TRANSACTIONS}/full-reference", transfer(), format="json")
        .json()
    )
    assert Record.objects.get(action="transactions.recorded").via == "token"
    seal()
    asked = back_office(aldo).post(
        "/admin/audit/record/evidence/", {"subject": made["id"]}
    )
    assert asked.status_code == 200
    assert Record.objects.get(action="audit.evidence_exported").via == "session"
    with bound_contextvars(task_id="7f3c", request_id=""):
        record(Action.EXPORTED, actor_id=None)
    last = Record.objects.latest("id")
    assert (last.via, last.request_id) == ("task", "7f3c")
    seal()
    said = json.loads(bytes(Leaf.objects.get(record_id=last.pk).entry))
    assert (said["request"], said["version"], said["mac"]) == (
        "7f3c",
        None,
        last.mac.hex(),
    )


@pytest.mark.parametrize("procs", [2, 3])
def test_several_processes_find_what_one_finds(
    superuser: Sql,
    procs: int,
) -> None:
    for size in (700, 900, 400):
        with atomic():
            for each in range(size):
                record(Action.EXPORTED, actor_id=None, facts={"n": each})
        seal()
    assert told(procs=procs) == told(procs=procs, records=False) == []
    superuser(
        "UPDATE audit_record SET facts = '{}' WHERE id IN"
        " (SELECT record_id FROM audit_leaf WHERE number IN (5, 1999));"
        "UPDATE audit_leaf SET hash = sha256('x') WHERE number = 600"
    )
    alone = told()
    assert len(alone) == 5
    assert told(procs=procs) == alone
    superuser("DELETE FROM audit_tile WHERE number = 1")
    assert told(procs=procs) == told()


def test_what_could_not_be_looked_at_ends_with_two(tmp_path: Any) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("audit_verify", "--checkpoint", str(tmp_path / "none"))
    assert refused.value.returncode == 2
    out = StringIO()
    call_command("audit_verify", "--hashes", "--procs", "2", stdout=out)
    assert "Everything agrees." in out.getvalue()


ODD: list[dict[str, object]] = [
    {"b": 1, "a": [None, True, False, {"z": "", "A": "ñ"}], "": -1},
    {"n": 2**53 - 1, "m": -(2**53) + 1, "e": '\u2028\U0001f4a1 \x7f\x01\x1f\t\n"\\/'},
    {"text": "e\u0301 \uffff \ud7ff"},
]


@pytest.mark.parametrize("odd", ODD)
def test_our_bytes_are_those_of_rfc_8785(odd: dict[str, object]) -> None:
    assert written(odd) == rfc8785.dumps(odd)
    assert canonical(odd).encode() == rfc8785.dumps(odd)


@pytest.mark.parametrize("odd", [{"n": 2**53}, {"ñ": 1}, {"n": {"\U0001f4a1": 1}}])
def test_what_others_would_write_otherwise_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        canonical(odd)


def test_an_entry_is_canonical(story: list[int]) -> None:
    row = Raw.of(Record.objects.get(pk=story[0]))
    assert bytes_of(columns(row)) == rfc8785.dumps(columns(row))
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM audit_record WHERE id = %s", [row.id])
        assert cursor.fetchone() == (row.facts,)


def test_the_mac_is_that_of_the_library() -> None:
    """Begun once for a key and copied, as RFC 2104 allows."""
    key = writers.keys()[0]
    said = [
        {**dict.fromkeys(writers.WORDS, "ñ"), "actor": actor, "version": None}
        for actor in (None, uuid4(), uuid4())
    ]
    macs = writers.macs_of(said)
    assert len({mac[:8] for mac in macs}) == 3
    for each, mac in zip(said, macs, strict=True):
        whole = hmac.digest(key, mac[:8] + written(each), "sha256")
        assert mac == mac[:8] + whole[:16]
        assert writers.is_written(each, mac, [bytes(32), key])
        assert not writers.is_written({**each, "via": "x"}, mac, [bytes(32), key])
        assert not writers.is_written(each, mac, [bytes(32)])


def _events(number: int) -> list[Event]:
    return [
        Event(
            action=Action.EXPORTED,
            actor_id=uuid4() if version else None,
            subject=("transaction", "a\tb\\c\n"),
            facts={"n": 1, "text": 'tab\t, \\N and "ñ"'},
            version=version or None,
        )
        for version in range(number)
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_records_are_written_as_they_were_said(number: int) -> None:
    """One is inserted, several are copied."""
    events = _events(number)
    record_all(events)
    _are_written(events)


def test_records_are_written_with_what_they_tell_of() -> None:
    events = _events(4)
    for some in (events[:1], events[1:]):
        assert record_with("upper(%s)", ["ñ"], rows_of(some)) == "Ñ"
    assert record_with("upper(%s)", ["ñ"], ()) == "Ñ"
    _are_written(events)


def test_where_nothing_was_done_nothing_is_recorded() -> None:
    rows = rows_of(_events(2))
    assert record_with("nullif(%s, 'none')", ["none"], rows) is None
    with pytest.raises(DataError), atomic():
        record_with("1 / %s", [0], rows)
    _are_written([])


def _are_written(events: list[Event]) -> None:
    for event, found in zip(events, Record.objects.order_by("id"), strict=True):
        said = {name: told for name, told in row_of(event).items() if name != "mac"}
        assert {name: getattr(found, name) for name in said} == said
    seal()
    assert verify().findings == []


def test_without_a_key_nothing_is_recorded(settings: Any) -> None:
    settings.AUDIT_WRITER_KEY = ""
    with pytest.raises(ImproperlyConfigured), atomic():
        record_all(_events(1))
    assert not Record.objects.exists()
