"""The journal for people: a story, a record with its proof, a look on request."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from audit.looks import ask_to_look, run_waiting
from audit.models import Look, Record, Verification
from audit.seal.sealing import seal
from audit.tasks import look
from tests.bank import Bank
from tests.journaled import unguarded
from tests.together import together
from tests.transactions.desk import in_review
from transactions.services.review import approve

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

JOURNAL = "/admin/audit/record/"


def test_a_story_is_told_in_sentences(
    back_office: Any, ana: User, ruben: User, aldo: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    approve(transaction_id=row.pk, actor=ruben, reason="Un céntimo")
    page = back_office(aldo).get(f"{JOURNAL}story/", {"subject": str(row.pk)})
    told = page.content.decode()
    assert "registró un pago de Bs. " in told
    assert "Ruben aprobó el pago" in told
    assert "Antes: En revisión" in told
    assert "TO_REVIEW" not in told
    assert "MOBILE_PAYMENT" not in told
    assert "Un céntimo" not in told
    nothing = back_office(aldo).get(f"{JOURNAL}story/", {"subject": "nobody"})
    assert "no cuenta nada" in nothing.content.decode()


def test_a_record_shows_why_nobody_changed_it(
    back_office: Any, ana: User, aldo: User, bank: Bank
) -> None:
    in_review(ana, bank)
    number = Record.objects.values_list("pk", flat=True)[0]
    client = back_office(aldo)
    url = f"{JOURNAL}{number}/change/"
    assert "Todavía no está sellado" in client.get(url).content.decode()
    seal()
    page = client.get(url, {"_changelist_filters": "q=abc"}).content.decode()
    assert page.count("se cumple") == 3
    assert 'href="/admin/audit/record/?q=abc"' in page
    proof = client.get(f"{JOURNAL}{number}/proof/")
    assert proof.content.startswith(b"c2sp.org/tlog-proof@v1")
    with unguarded("audit_record") as cursor:
        cursor.execute("UPDATE audit_record SET facts = '{}'")
    assert "no se cumple" in client.get(url).content.decode()


@pytest.mark.parametrize("number", ["999999", "x", "9" * 40, "-1"])
def test_no_such_record(back_office: Any, aldo: User, number: str) -> None:
    assert back_office(aldo).get(f"{JOURNAL}{number}/change/").status_code == 404


def test_a_look_on_request_says_what_it_found(
    back_office: Any, ana: User, aldo: User, bank: Bank
) -> None:
    in_review(ana, bank)
    seal()
    client = back_office(aldo)
    answer = client.post(f"{JOURNAL}look/")
    page = client.get(answer["Location"]).content.decode()
    assert "Espera a un trabajador" in page
    version = "False-0-False"
    assert f'data-version="{version}"' in page
    part = client.get(answer["Location"], {"version": version})
    assert part.status_code == 204
    look()
    part = client.get(answer["Location"], {"version": version}).content.decode()
    assert "Todo concuerda" in part
    assert "<html" not in part
    assert "data-live" not in part
    assert Verification.objects.get().findings == "[]"
    assert Record.objects.filter(action="audit.look_asked").count() == 1
    assert client.get(f"{JOURNAL}look/{uuid4()}/").status_code == 404


def test_two_who_ask_at_once_get_one_look(aldo: User, root: User) -> None:
    seen = together(
        lambda: ask_to_look(actor=aldo).pk, lambda: ask_to_look(actor=root).pk
    )
    assert len(set(seen)) == 1
    assert together(run_waiting, run_waiting, run_waiting).count(1) == 1
    assert Look.objects.get().findings == 0
    assert ask_to_look(actor=aldo).pk not in seen


def test_a_look_whose_worker_died_is_done_by_the_next(aldo: User) -> None:
    from datetime import timedelta

    from django.db.models.functions import Now

    ask_to_look(actor=aldo)
    Look.objects.update(begun_at=Now())
    assert run_waiting() == 0
    Look.objects.update(begun_at=Now() - timedelta(hours=2))
    assert run_waiting() == 1


def test_whoever_may_not_read_asks_for_no_look(carla: User) -> None:
    from areamedica.errors import Forbidden

    with pytest.raises(Forbidden):
        ask_to_look(actor=carla)
    assert not Look.objects.exists()
