"""States and balances are what their events tell; whoever differs is named."""

import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from areamedica.clock import caracas_day
from audit.evidence.exports import export_evidence
from audit.law.compliance import report
from audit.models import Record, Replay, Shadow
from audit.replay import PROJECTIONS, differences, replay
from audit.seal.sealing import seal
from ledger.models import Balance
from tests.journaled import staged, unguarded
from tests.transactions.desk import in_review, recorded
from transactions import replay as told
from transactions.models import Transaction
from transactions.services.review import Correction, approve, reject, reopen
from transactions.services.submit import Claim, submit
from transactions.services.withdraw import delete, withdraw

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

WHY = {"reason": "El banco muestra un céntimo menos"}
LIVES = ["open", "corrected", "withdrawn", "paid", "refused", "hidden", "changed"]


@pytest.fixture
def lives(ana: User, ruben: User, rosa: User, root: User, bank: Any) -> dict[str, Any]:
    """One transaction for every way to end, by name."""
    made = {
        name: in_review(ana, bank, reference=f"00001241{at:04}")
        for at, name in enumerate(("corrected", "paid", "refused"))
    }
    for at, name in enumerate(("open", "withdrawn", "hidden", "changed"), 50):
        made[name] = recorded(ana, reference=f"00001241{at:04}", transaction_id=name)
    fix = Correction(amount=Decimal("2350.74"))
    reopen(transaction_id=made["corrected"].pk, actor=ruben, correction=fix, **WHY)
    approve(transaction_id=made["paid"].pk, actor=ruben, **WHY)
    reject(transaction_id=made["refused"].pk, actor=rosa, **WHY)
    withdraw(transaction_id=made["withdrawn"].pk, actor=ana, **WHY)
    delete(transaction_ids=[made["hidden"].pk], actor=root)
    again = Claim(
        type=made["changed"].type,
        reference=made["changed"].reference,
        customer_full_name="José Pérez Gil",
        transaction_id="changed",
        payer_phone="584141234567",
        bank_code="0102",
        operation_date=made["changed"].operation_date,
        amount=Decimal("2350.75"),
    )
    submit(author=ana, claim=again, now=timezone.now())
    return {name: Transaction.objects.get(pk=each.pk) for name, each in made.items()}


def rebuilt(name: str, **given: Any) -> list[str]:
    return differences(replay(PROJECTIONS[name], **given))


@pytest.fixture
def damage() -> Callable[[str], None]:
    """SQL past the services, the books' and the journal's guards lifted."""

    def run(sql: str, *given: object) -> None:
        with unguarded("audit_record", "ledger_transfer") as cursor:
            cursor.execute(sql, given)

    return run


def test_every_life_is_rebuilt_as_it_was(lives: dict[str, Any]) -> None:
    assert set(lives) == set(LIVES)
    assert rebuilt("transactions") == rebuilt("balances") == []
    assert Shadow.objects.filter(projection="transactions").count() == len(LIVES)
    state = Shadow.objects.get(key=str(lives["paid"].pk)).state
    assert (state["status"], state["amount"]) == ("COMPLETED", "2350.74")
    assert state["decided_by"] == str(lives["paid"].decided_by_id)
    assert state["version"] == 3


def test_two_approvals_are_rebuilt(
    ana: User, ruben: User, rosa: User, bank: Any, settings: Any
) -> None:
    settings.REVIEW_SECOND_PERSON_ABOVE = Decimal(1)
    waiting = in_review(ana, bank)
    approve(transaction_id=waiting.pk, actor=ruben, **WHY)
    assert rebuilt("transactions") == []
    approve(transaction_id=waiting.pk, actor=rosa, **WHY)
    assert rebuilt("transactions") == []
    state = Shadow.objects.get(projection="transactions").state
    assert (state["first_approver"], state["decided_by"]) == (
        str(ruben.pk),
        str(rosa.pk),
    )


def test_the_next_replay_goes_on_where_the_last_ended(
    lives: dict[str, Any], ruben: User, ana: User, bank: Any
) -> None:
    seal()
    assert rebuilt("transactions") == []
    assert rebuilt("balances") == []
    assert Replay.objects.first().events == 2
    withdraw(transaction_id=lives["open"].pk, actor=ana, **WHY)
    assert rebuilt("transactions") == []
    assert rebuilt("balances") == []
    last = Replay.objects.filter(projection="transactions").first()
    assert last is not None
    assert (last.events, last.leaf) == (1, Replay.objects.last().leaf)
    assert Replay.objects.filter(projection="balances").first().events == 0


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("status = 'COMPLETED', completed_at = now()", "status COMPLETED, replayed"),
        ("amount = 9", "amount 9.00, replayed 2350.75"),
        ("version = version + 1", "version 2, replayed 1"),
    ],
)
def test_a_changed_row_is_named_and_set_right_on_request(
    ana: User, damage: Callable[..., None], sql: str, said: str
) -> None:
    claim = recorded(ana)
    sql = f"UPDATE transactions_transaction SET details = '{{}}', {sql} WHERE id = %s"
    damage(sql, claim.pk)
    [line] = rebuilt("transactions")
    assert line.startswith(f"{claim.pk}: ")
    assert said in line
    assert rebuilt("transactions", swap=True) == []
    assert rebuilt("transactions") == []
    claim.refresh_from_db()
    assert (claim.status, claim.amount) == ("IN_PROGRESS", Decimal("2350.75"))
    noted = Record.objects.get(action="audit.replay_swapped")
    assert json.loads(noted.facts) == {"keys": [str(claim.pk)]}


def test_a_record_deleted_before_the_seal_is_missed_by_its_transaction(
    lives: dict[str, Any], damage: Callable[..., None]
) -> None:
    """The last of a stream leaves no gap; the row has counted it."""
    pk = lives["withdrawn"].pk
    damage("DELETE FROM audit_record WHERE subject_id = %s AND version = 2", str(pk))
    [line] = rebuilt("transactions")
    assert "version 2, replayed 1" in line


def test_balances_that_were_touched_are_named_and_set_right(
    lives: dict[str, Any], damage: Callable[..., None]
) -> None:
    account = Balance.objects.filter(seq__gt=0).order_by("pk").first()
    assert account is not None
    damage("UPDATE ledger_balance SET amount = amount + 1 WHERE seq > 0")
    assert len(rebuilt("balances")) == 2
    assert rebuilt("balances", swap=True) == []
    account.refresh_from_db()
    assert account.amount == 235074


def test_rows_without_events_are_named(
    lives: dict[str, Any], damage: Callable[..., None]
) -> None:
    damage("DELETE FROM ledger_transfer")
    found = rebuilt("balances")
    assert len(found) == 2
    assert all(line.endswith("no event tells of it") for line in found)


def test_a_shadow_that_was_touched_is_made_anew(lives: dict[str, Any]) -> None:
    rebuilt("transactions")
    shadow = Shadow.objects.get(key=str(lives["open"].pk))
    shadow.state["status"] = "CANCELED"
    shadow.save()
    assert rebuilt("transactions") == ["the shadow was not as the last replay left it"]
    assert rebuilt("transactions") == []


_FORGED = """
INSERT INTO audit_record (action, subject_type, subject_id, request_id, facts)
VALUES ('transactions.moved', 'transaction', %s, '', %s)
"""


_NOTHING_TOLD = [
    "no JSON",
    "[]",
    "7",
    "null",
    "{}",
    '{"became":"COMPLETED"}',
    '{"became":["COMPLETED"],"reason":{"APPROVED":1}}',
    '{"became":"\\u0000","reason":"x"}',
    '{"became":"COMPLETED","reason":["APPROVED"],"schema":2}',
    '{"became":"COMPLETED","reason":"APPROVED","amount":"much","schema":2}',
    '{"became":"COMPLETED","reason":"APPROVED","amount":[7],"schema":2}',
    '{"became":' + "[" * 300 + "]" * 300 + ',"reason":"x"}',
]


@pytest.mark.parametrize("facts", _NOTHING_TOLD)
def test_an_event_that_cannot_be_read_hides_nothing(
    ana: User, aldo: User, back_office: Any, damage: Callable[..., None], facts: str
) -> None:
    """Who has the application's password may add what no program of ours writes."""
    forged, touched = (recorded(ana, reference=f"00001241774{n:02}") for n in (1, 2))
    with connection.cursor() as cursor:
        cursor.execute(_FORGED, [str(forged.pk), facts])
    damage("UPDATE transactions_transaction SET amount = 9 WHERE id = %s", touched.pk)
    for swap, kept in ((True, 1), (False, 1)):
        told = rebuilt("transactions", swap=swap)
        assert f"{forged.pk}: one of its events cannot be read" in told
        assert len(told) == kept
    forged.refresh_from_db()
    assert forged.status == "IN_PROGRESS"
    seal()
    client, journal = back_office(aldo), "/admin/audit/record/"
    record = Record.objects.filter(subject_id=str(forged.pk)).latest("id")
    for page in (
        "",
        f"?q={forged.pk}",
        f"{record.pk}/change/",
        f"story/?subject={forged.pk}",
    ):
        assert client.get(f"{journal}{page}").status_code == 200, page
    assert export_evidence(subject_id=str(forged.pk), actor_id=aldo.pk)
    today = caracas_day(timezone.now())
    assert report(first=today, last=today).first == today


def test_older_facts_are_lifted(
    lives: dict[str, Any], damage: Callable[..., None]
) -> None:
    """Without schema, amount and version, as they were written before."""
    damage(
        "UPDATE audit_record SET version = NULL, facts = "
        "((facts::jsonb - 'schema') - CASE WHEN action = 'transactions.moved'"
        " THEN 'amount' ELSE '' END)::text WHERE subject_type = 'transaction'"
    )
    damage("UPDATE transactions_transaction SET version = 0")
    assert rebuilt("transactions") == []
    state = Shadow.objects.get(key=str(lives["paid"].pk)).state
    assert "amount" not in state
    assert Shadow.objects.get(key=str(lives["refused"].pk)).state["amount"] == "2350.75"


def test_every_action_about_a_transactions_state_is_applied() -> None:
    assert set(told.APPLY) == {
        "transactions.recorded",
        "transactions.moved",
        "transactions.first_approval",
        "transactions.deleted",
        "transactions.changed",
    }


def test_the_command_says_so(ana: User, damage: Callable[..., None]) -> None:
    recorded(ana)
    out = StringIO()
    call_command("audit_replay", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["transactions"]["events"], found["balances"]["events"]) == (1, 0)
    assert found["transactions"]["differences"] == []
    damage("UPDATE transactions_transaction SET version = 7")
    with pytest.raises(SystemExit) as ended:
        call_command("audit_replay", stdout=out)
    assert ended.value.code == 1
    call_command("audit_replay", "--swap", stdout=out)
    assert "transactions: 0 events, equal" in out.getvalue()


def test_the_journals_page_shows_it(aldo: User, ana: User, back_office: Any) -> None:
    recorded(ana)
    page = back_office(aldo).get("/admin/audit/record/")
    assert "nunca" in page.content.decode()
    rebuilt("transactions")
    page = back_office(aldo).get("/admin/audit/record/").content.decode()
    assert "Transacciones igual" in " ".join(page.split())
    with staged():
        Transaction.objects.update(version=9)
    rebuilt("transactions")
    page = back_office(aldo).get("/admin/audit/record/").content.decode()
    assert "version 9, replayed 1" in page
