"""Words of old records go by one door, and verification tells that from tampering."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import User
from areamedica.errors import Refusal
from audit.actions import Action
from audit.evidence.exports import export_evidence
from audit.law.retention import (
    approve_pruning,
    ask_to_prune,
    decline_pruning,
    keep_since,
    prune_approved,
)
from audit.models import Leaf, PruneRequest, Record
from audit.seal import keys, tiles, tree
from audit.seal.notes import opened
from audit.seal.publishing import newest
from audit.seal.sealing import seal
from audit.seal.verification import verify
from audit.services import record
from audit.tasks import prune
from tests.application import as_owner
from tests.together import codes, together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

LATER = timedelta(days=11 * 366)


@pytest.fixture
def pia(person: Any) -> User:
    return person("pia", "admin")  # type: ignore[no-any-return]


@pytest.fixture
def old() -> int:
    """300 sealed records, which are old for whoever asks in eleven years."""
    write(300)
    seal()
    return Leaf.objects.count()


def write(number: int) -> None:
    for each in range(number):
        record(
            Action.EXPORTED,
            actor_id=None,
            subject=("transaction", "old"),
            facts={"rows": each},
        )


def asked(actor: User) -> PruneRequest:
    return ask_to_prune(actor=actor, why="Diez años", now=timezone.now() + LATER)


def found() -> list[str]:
    return [str(finding) for finding in verify().findings]


def pruned(root: User, pia: User) -> PruneRequest:
    request = asked(root)
    approve_pruning(request_id=request.pk, actor=pia)
    seal()
    prune_approved()
    return request


def test_two_people_prune_and_everything_still_agrees(
    old: int, root: User, pia: User
) -> None:
    before = [bytes(leaf.hash) for leaf in Leaf.objects.order_by("number")]
    first = bytes(Leaf.objects.get(number=7).entry)
    request = pruned(root, pia)
    write(3)
    seal()
    assert found() == []
    gone = Leaf.objects.filter(number__lt=old)
    assert {bytes(leaf.entry) for leaf in gone} == {b""}
    assert [bytes(leaf.hash) for leaf in gone.order_by("number")] == before
    facts = Record.objects.filter(pk__in=gone.values("record_id"))
    assert set(facts.values_list("facts", flat=True)) == {""}
    said = Record.objects.get(action="audit.retention_pruned")
    told = json.loads(said.facts)
    assert (told["below"], told["root"]) == (old, request.root)
    assert (said.actor_id, told["requested_by"]) == (pia.pk, str(root.pk))
    # Whoever kept the bytes still proves them under the newest head.
    head = opened(newest().note, keys.verifiers())
    read = tiles.grown_to(head.size)
    assert tree.is_included(
        leaf=tree.leaf_hash(first),
        index=7,
        size=head.size,
        proof=tree.inclusion(read, 7, head.size),
        root=head.root,
    )
    request.refresh_from_db()
    assert (request.pruned_to, request.pruned_at is not None) == (old, True)
    assert prune_approved() == 0


def test_a_later_pruning_covers_the_record_of_the_earlier_one(
    old: int, root: User, pia: User
) -> None:
    pruned(root, pia)
    write(5)
    seal()
    pruned(root, pia)
    assert found() == []
    assert Leaf.objects.filter(entry=b"").count() > old


def test_nothing_is_pruned_before_the_record_of_it_is_sealed(
    old: int, root: User, pia: User
) -> None:
    request = asked(root)
    prune()
    approve_pruning(request_id=request.pk, actor=pia)
    prune()
    assert not Leaf.objects.filter(entry=b"").exists()
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        call_the_door(request)
    seal()
    prune()
    assert Leaf.objects.filter(entry=b"").count() == old


def call_the_door(request: PruneRequest) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_prune(%s, 100)", [request.pk])


def test_the_door_refuses_what_nobody_agreed_to(
    old: int, root: User, pia: User
) -> None:
    request = asked(root)
    for act in (lambda: call_the_door(request), lambda: call_the_door(PruneRequest())):
        with pytest.raises(IntegrityError, match="is not approved"), atomic():
            act()
    decline_pruning(request_id=request.pk, actor=root)
    with pytest.raises(IntegrityError, match="is not approved"), atomic():
        call_the_door(request)
    assert found() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_leaf SET entry = ''::bytea",
        "UPDATE audit_leaf SET entry = ''::bytea WHERE number < 10",
        "UPDATE audit_leaf SET hash = ''::bytea WHERE number < 10",
        "UPDATE audit_record SET facts = ''",
        "UPDATE audit_record SET facts = '{}'",
        "UPDATE audit_record SET action = 'x', facts = ''",
        "DELETE FROM audit_leaf WHERE number < 10",
        "DELETE FROM audit_record",
        "TRUNCATE audit_leaf",
    ],
)
@pytest.mark.parametrize("is_approved", [False, True])
def test_every_other_change_is_refused(
    old: int, root: User, pia: User, statement: str, is_approved: bool
) -> None:
    request = asked(root)
    if is_approved:
        approve_pruning(request_id=request.pk, actor=pia)
    seal()
    refused = pytest.raises(IntegrityError, match="append-only")
    with as_owner(), connection.cursor() as cursor, refused:
        cursor.execute(statement)
    assert found() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_prunerequest SET below = below + 1",
        "UPDATE audit_prunerequest SET why = 'x'",
        "UPDATE audit_prunerequest SET approved_by = gen_random_uuid()",
        "UPDATE audit_prunerequest SET approved_by = NULL, approved_at = NULL",
        "DELETE FROM audit_prunerequest",
    ],
)
def test_an_approved_request_stays_what_it_is(
    old: int, root: User, pia: User, statement: str
) -> None:
    approve_pruning(request_id=asked(root).pk, actor=pia)
    with (
        pytest.raises(IntegrityError, match="is kept"),
        atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_nobody_agrees_with_himself(old: int, root: User, pia: User) -> None:
    request = asked(root)
    with pytest.raises(Refusal, check=lambda it: it.code == "OWN_REQUEST"):
        approve_pruning(request_id=request.pk, actor=root)
    with pytest.raises(IntegrityError, match="pruning_by_two_people"), atomic():
        PruneRequest.objects.update(
            approved_by=root.pk, approved_at=request.requested_at
        )
    decline_pruning(request_id=request.pk, actor=root)
    with pytest.raises(Refusal, check=lambda it: it.code == "REQUEST_CLOSED"):
        approve_pruning(request_id=request.pk, actor=pia)
    with pytest.raises(Refusal, check=lambda it: it.code == "REQUEST_NOT_FOUND"):
        approve_pruning(request_id=uuid4(), actor=pia)


@pytest.mark.parametrize("role", ["cashier", "support", "reviewer", "auditor"])
def test_nobody_else_asks_agrees_or_declines(
    old: int, root: User, person: Any, role: str
) -> None:
    request, visitor = asked(root), person("visitor", role)
    before = Record.objects.count()
    for act in (
        lambda: asked(visitor),
        lambda: approve_pruning(request_id=request.pk, actor=visitor),
        lambda: decline_pruning(request_id=request.pk, actor=visitor),
    ):
        with pytest.raises(Refusal, check=lambda it: it.code == "FORBIDDEN"):
            act()
    assert Record.objects.count() == before


def test_two_people_agree_at_once(old: int, root: User, pia: User, person: Any) -> None:
    request, third = asked(root), person("tito", "admin")
    done = together(
        lambda: approve_pruning(request_id=request.pk, actor=pia),
        lambda: approve_pruning(request_id=request.pk, actor=third),
    )
    assert codes(done) == ["None", "REQUEST_CLOSED"]
    assert Record.objects.filter(action="audit.retention_pruned").count() == 1


def test_what_is_young_stays(old: int, root: User, pia: User) -> None:
    with pytest.raises(Refusal, check=lambda it: it.code == "NOTHING_OLD_ENOUGH"):
        ask_to_prune(actor=root, why="Espacio", now=timezone.now())
    assert keep_since(datetime(2032, 2, 29, tzinfo=UTC)) == datetime(
        2022, 2, 28, tzinfo=UTC
    )
    request = pruned(root, pia)
    PruneRequest.objects.get(pk=request.pk)
    assert Record.objects.exclude(facts="").count() == 2


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        ("UPDATE audit_leaf SET entry = '' WHERE number = 301", "its sealed bytes"),
        ("UPDATE audit_leaf SET entry = 'x' WHERE number = 7", "its sealed bytes"),
        ("UPDATE audit_record SET facts = '{}' WHERE id = {id}", "which were pruned"),
        ("DELETE FROM audit_record WHERE id = {id}", "its row was to stay"),
        ("UPDATE audit_leaf SET hash = sha256('x') WHERE number = 7", "tile 0/0"),
        ("UPDATE audit_leaf SET hash = 'x' WHERE number = 280", "another root"),
    ],
)
def test_any_other_missing_word_is_named(
    old: int,
    root: User,
    pia: User,
    superuser: Callable[[str], None],
    attack: str,
    told: str,
) -> None:
    pruned(root, pia)
    write(10)
    seal()
    assert found() == []
    number = Leaf.objects.get(number=7).record_id
    superuser(attack.replace("{id}", str(number)))
    assert any(told in finding for finding in found()), found()


@pytest.mark.parametrize(
    "forged",
    [
        {"root": "00" * 32},
        {"requested_by": "{root}"},
        {"below": 10_000},
        {"below": 0},
        {"below": "all"},
        {"root": None},
        None,
    ],
)
def test_a_forged_record_covers_nothing(
    old: int,
    root: User,
    superuser: Callable[[str], None],
    forged: dict[str, object] | None,
) -> None:
    """Its root is not that of the tree, one person did both, or nobody sealed it."""
    head = opened(newest().note, keys.verifiers())
    facts = {"below": old, "root": head.root.hex(), "requested_by": str(uuid4())}
    facts |= forged or {}
    if facts["requested_by"] == "{root}":
        facts["requested_by"] = str(root.pk)
    record(Action.RETENTION_PRUNED, actor_id=root.pk, facts=facts)
    if forged is not None:
        seal()
    superuser("UPDATE audit_leaf SET entry = '' WHERE number < 10")
    superuser("UPDATE audit_record SET facts = '' WHERE action LIKE '%exported'")
    assert len(found()) >= 10


def test_evidence_and_entries_say_that_they_were_pruned(
    old: int, root: User, pia: User, aldo: User, api: Any
) -> None:
    pruned(root, pia)
    with pytest.raises(Refusal, check=lambda it: it.code == "PRUNED"):
        export_evidence(subject_id="old", actor_id=aldo.pk)
    client = api(aldo)
    answer = client.get("/api/v1/audit/tile/entries/000")
    assert answer.json()["error"]["code"] == "PRUNED"
    assert client.get("/api/v1/audit/tile/0/000").status_code == 200
    number = Leaf.objects.get(number=7).record_id
    assert client.get(f"/api/v1/audit/events/{number}/proof").status_code == 200
