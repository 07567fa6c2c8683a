"""What a superuser can do to the journal, one row each, and who finds it.

He lifts the guards, does it, and puts them back. By itself the journal finds all but
what agrees with itself; that a witness shows, who remembers.
"""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from audit.models import Leaf, Record
from audit.seal import keys, tree
from audit.seal.publishing import publish_everywhere
from audit.seal.sealing import seal
from audit.seal.verification import verify
from audit.seal.witnesses import named
from tests.audit.conftest import write
from tests.witness.desk import a_witness

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Attack:
    """What is done to 600 records sealed by 200, and what must be said of it."""

    name: str
    sql: str
    named: tuple[str, ...]


_FORGED_ENTRY = (
    "UPDATE audit_leaf SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
    " 'exported', 'recorded'), 'UTF8') WHERE number = 300;"
)
_FIXED_LEAF = (
    "UPDATE audit_leaf SET hash = sha256('\\x00' || entry) WHERE number = 300;"
    "UPDATE audit_record SET action = 'transactions.recorded' WHERE id = {r300};"
)
_FORGED_TILE = "UPDATE audit_tile SET root = '\\x{forged_root}' WHERE number = 1"
# As tiles were written before decision 15.
_TWICE = (
    "UPDATE audit_tile SET hashes = (SELECT string_agg(hash, '' ORDER BY leaf.number)"
    " FROM audit_leaf leaf WHERE leaf.number / 256 = audit_tile.number);"
)
ALONE = [
    Attack(
        "edit an entry",
        _FORGED_ENTRY,
        ("altered: record {r300}, its sealed bytes (leaf 300)",),
    ),
    Attack(
        "edit a record",
        "UPDATE audit_record SET facts = '{{}}' WHERE id = {r300}",
        ("altered: record {r300} (facts)",),
    ),
    Attack(
        "edit who and when",
        "UPDATE audit_record SET at = at - interval '1 day', actor_id ="
        " '00000000-0000-0000-0000-000000000001' WHERE id = {r300}",
        ("altered: record {r300} (actor, at)",),
    ),
    Attack(
        "delete a record",
        "DELETE FROM audit_record WHERE id = {r300}",
        ("deleted: record {r300} (leaf 300 holds its bytes)",),
    ),
    Attack(
        "delete an entry",
        "DELETE FROM audit_leaf WHERE number = 300",
        ("missing: leaf 300",),
    ),
    Attack(
        "delete both",
        "DELETE FROM audit_leaf WHERE number = 300;"
        "DELETE FROM audit_record WHERE id = {r300}",
        ("missing: leaf 300",),
    ),
    Attack(
        "swap what two records say",
        "UPDATE audit_record a SET facts = b.facts FROM audit_record b"
        " WHERE (a.id, b.id) IN (({r300}, {r301}), ({r301}, {r300}))",
        ("altered: record {r300} (facts)", "altered: record {r301} (facts)"),
    ),
    Attack(
        "swap two entries of a batch",
        "UPDATE audit_leaf SET number = -1 WHERE number = 300;"
        "UPDATE audit_leaf SET number = 300 WHERE number = 301;"
        "UPDATE audit_leaf SET number = 301 WHERE number = -1",
        ("reordered: record {r300}", "rewritten: leaves 200 to 399"),
    ),
    Attack(
        "edit an entry and its stored hash",
        _FORGED_ENTRY + _FIXED_LEAF,
        (
            "rewritten: leaves 200 to 399",
            "forged: record {r300} (the writer's MAC)",
            "altered: tile 0/1 (its root)",
        ),
    ),
    Attack(
        "and the tile above it",
        _FORGED_ENTRY + _FIXED_LEAF + _FORGED_TILE,
        ("rewritten: leaves 200 to 399", "forged: record {r300} (the writer's MAC)"),
    ),
    Attack(
        "edit an entry and its stored hash, which an old tile repeats",
        _TWICE + _FORGED_ENTRY + _FIXED_LEAF,
        ("rewritten: leaves 200 to 399", "altered: tile 0/1 (differs at 300)"),
    ),
    Attack(
        "forge a hash",
        "UPDATE audit_leaf SET hash = sha256('x') WHERE number = 300",
        ("altered: record {r300}, its sealed bytes", "rewritten: leaves 200 to 399"),
    ),
    Attack(
        "forge a node",
        "UPDATE audit_tile SET root = sha256('x') WHERE number = 1",
        ("altered: tile 0/1 (its root)",),
    ),
    Attack(
        "forge a node of an old tile",
        _TWICE + "UPDATE audit_tile SET hashes = overlay(hashes placing sha256('x')"
        " from 32 * 44 + 1) WHERE number = 1",
        ("altered: tile 0/1 (differs at 300)",),
    ),
    Attack(
        "delete a tile",
        "DELETE FROM audit_tile WHERE number = 1",
        ("missing: tile 0/1",),
    ),
    Attack(
        "edit the root in a checkpoint",
        "UPDATE audit_checkpoint SET note = overlay(note placing 'AAAA'"
        " from position(E'\\n600\\n' in note) + 5) WHERE size = 600",
        ("forged: checkpoint 600 (the signature of area-medica/journal is false)",),
    ),
    Attack(
        "edit the size in a checkpoint",
        "UPDATE audit_checkpoint SET note = replace(note, '600', '601')"
        " WHERE size = 600",
        ("forged: checkpoint 600 (the signature of area-medica/journal is false)",),
    ),
    Attack(
        "show another checkpoint",
        "UPDATE audit_checkpoint a SET note = b.note FROM audit_checkpoint b"
        " WHERE a.size = 400 AND b.size = 200",
        ("forged: checkpoint 400 (its text states another size)",),
    ),
    Attack(
        "drop the newest checkpoint",
        "DELETE FROM audit_checkpoint WHERE size = 600",
        ("not covered: leaves 400 to 599",),
    ),
    Attack(
        "insert a record in the past",
        "INSERT INTO audit_record (id, at, action, subject_type, subject_id,"
        " request_id, facts, xid) SELECT 1000000000, at, action, '', '', '',"
        " facts, xid FROM audit_record WHERE id = {r300}",
        ("inserted: record 1000000000",),
    ),
    Attack(
        "move a record beyond where sealing is",
        "UPDATE audit_record SET xid = '9000000000' WHERE id = {r300}",
        ("altered: record {r300} (xid)",),
    ),
]


def found(**given: Any) -> list[str]:
    return [str(finding) for finding in verify(**given).findings]


def forged_root() -> str:
    """Of tile 0/1 with the entry of `_FORGED_ENTRY`."""
    leaves = Leaf.objects.filter(number__range=(256, 511)).order_by("number")
    entries = {leaf.number: bytes(leaf.entry) for leaf in leaves}
    entries[300] = entries[300].replace(b"exported", b"recorded")
    return tree.fold([tree.leaf_hash(entry) for entry in entries.values()]).hex()


@pytest.mark.parametrize("attack", ALONE, ids=lambda attack: attack.name)
def test_the_journal_itself_names(
    sealed: list[int], superuser: Callable[[str], None], attack: Attack
) -> None:
    ids = {"r300": sealed[300], "r301": sealed[301]}
    superuser(attack.sql.format(**ids, forged_root=forged_root()))
    told = found()
    for each in attack.named:
        assert any(line.startswith(each.format(**ids)) for line in told), told


def test_it_names_a_guard_that_was_left_down(sealed: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_leaf DISABLE TRIGGER append_only_rows")
    assert found() == [
        "guard missing: audit_leaf lacks its guard append_only_rows. (catalogue)"
    ]


def test_it_names_a_journal_written_anew_with_another_key(
    sealed: list[int], superuser: Callable[[str], None], settings: Any
) -> None:
    ours = settings.AUDIT_SIGNING_KEY
    superuser("DELETE FROM audit_checkpoint; TRUNCATE audit_leaf, audit_tile")
    settings.AUDIT_SIGNING_KEY = base64.b64encode(bytes(32)).decode()
    seal()
    settings.AUDIT_SIGNING_KEY = ours
    assert "forged: checkpoint 600 (not signed by a key we know)" in found()


def test_it_names_a_record_edited_before_it_was_sealed(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    write(1)
    last = Record.objects.latest("id").pk
    superuser(f"UPDATE audit_record SET facts = '{{}}' WHERE id = {last}")
    seal()
    assert found() == [f"forged: record {last} (the writer's MAC)"]


def test_it_names_a_record_edited_by_whoever_stole_the_seal(
    sealed: list[int], superuser: Callable[[str], None]
) -> None:
    edit = f"UPDATE audit_record SET facts = '{{}}' WHERE id = {sealed[300]};"
    superuser(edit + _ANEW)
    seal()
    assert found() == [f"forged: record {sealed[300]} (the writer's MAC)"]


_ANEW = "TRUNCATE audit_leaf, audit_tile, audit_checkpoint, audit_cosignature;"
OUTSIDE = [
    Attack(
        "cut off the end",
        "DELETE FROM audit_checkpoint WHERE size > 400;"
        "DELETE FROM audit_cosignature WHERE size > 400;"
        "DELETE FROM audit_leaf WHERE number >= 400;"
        "DELETE FROM audit_tile WHERE number >= 1;"
        "DELETE FROM audit_record WHERE id > {r399}",
        ("cut short: the journal, from 600 records to 400",),
    ),
    Attack(
        "take a record out and seal anew with the stolen key",
        "DELETE FROM audit_record WHERE id = {r300};" + _ANEW + "-- 1 more",
        ("rewritten: the journal before record 600",),
    ),
    Attack(
        "delete one story and seal anew with the stolen key",
        "DELETE FROM audit_record WHERE id IN ({r300}, {r301});" + _ANEW,
        ("cut short: the journal, from 600 records to 598",),
    ),
    Attack(
        "and let it grow beyond what was seen",
        "DELETE FROM audit_record WHERE id IN ({r300}, {r301});" + _ANEW + "-- 9 more",
        ("rewritten: the journal before record 600",),
    ),
]


@pytest.mark.parametrize("attack", OUTSIDE, ids=lambda attack: attack.name)
def test_a_witness_names_what_agrees_with_itself(
    sealed: list[int],
    superuser: Callable[[str], None],
    tmp_path: Path,
    settings: Any,
    attack: Attack,
) -> None:
    with a_witness(tmp_path / "witness", str(keys.signer().verifier)) as witness:
        settings.AUDIT_WITNESSES = [f"{witness.vkey} {witness.url}"]
        assert publish_everywhere(named(), now=timezone.now()) == []
        ids = {f"r{number}": sealed[number] for number in (300, 301, 399)}
        superuser(attack.sql.format(**ids))
        _, _, more = attack.sql.partition("-- ")
        write(int(more.removesuffix(" more") or 0))
        seal()
        assert found() == []
        assert [line.partition(" (")[0] for line in seen_from_outside()] == [
            *attack.named
        ]


def seen_from_outside() -> list[str]:
    out = StringIO()
    with suppress(SystemExit):
        call_command("audit_verify", "--json", "--witnesses", stdout=out)
    told = json.loads(out.getvalue())["findings"]
    return [f"{each['kind']}: {each['what']} ({each['shown_by']})" for each in told]
