"""The page of personal data: handed out, asked for by one, erased by another."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader

from accounts.models import User
from audit.models import Record
from tests.bank import Bank
from tests.privacy.people import DOCUMENT, NAME, PHONE, approved, asked_for, paid
from transactions.models import ErasureRequest, Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PAGE = "/admin/transactions/erasurerequest/"
TYPED = {"document": "V-17.654.321", "phone": "0414-987.65.43"}
WHY = {"ground": "SUBJECT", "why": "Vino con su cédula"}


def test_one_asks_and_another_erases(
    back_office: Any, ana: User, root: User, person: Any, bank: Bank
) -> None:
    row, _ = paid(ana, bank), paid(ana, bank, reference="000012417733")
    first, second = back_office(root), back_office(person("pia", "admin"))
    answer = first.post(f"{PAGE}ask/", {**TYPED, **WHY}, follow=True)
    assert "V-17.654.321" in answer.content.decode()
    request = ErasureRequest.objects.get()
    assert (request.document, request.phone) == (DOCUMENT, PHONE)
    button = f"{PAGE}{request.pk}/carry-out/"
    assert button not in first.get(PAGE).content.decode()
    told = first.post(button, follow=True).content.decode()
    assert "Usted mismo lo pidió" in told
    assert button in second.get(PAGE).content.decode()
    told = second.post(button, follow=True).content.decode()
    assert "2 transacciones quedaron en blanco" in told
    assert "17.654.321" not in told
    row.refresh_from_db()
    assert row.customer_full_name == ""
    page = second.get(f"/admin/transactions/transaction/{row.pk}/change/")
    assert "Datos borrados" in page.content.decode()
    assert second.get("/admin/transactions/transaction/").status_code == 200


def test_a_request_is_withdrawn(
    back_office: Any, ana: User, root: User, bank: Bank
) -> None:
    paid(ana, bank)
    request = asked_for(root)
    told = back_office(root).post(f"{PAGE}{request.pk}/withdraw/", follow=True)
    assert "no se borró nada" in told.content.decode()
    told = back_office(root).post(f"{PAGE}{request.pk}/withdraw/", follow=True)
    assert "ya se cerró" in told.content.decode()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({}, "Nombre a la persona"),
        ({"document": "V99999999"}, "No hay nada guardado"),
        ({"document": "X1"}, "No es un documento"),
        ({"phone": "12345"}, "No es un documento"),
    ],
)
@pytest.mark.parametrize("door", ["ask", "hand-out"])
def test_whom_nobody_can_find_is_told_beside_the_form(
    back_office: Any, root: User, typed: dict[str, str], told: str, door: str
) -> None:
    answer = back_office(root).post(f"{PAGE}{door}/", {**typed, **WHY})
    assert answer.status_code == 400
    assert told in answer.content.decode()


def test_a_person_gets_everything_we_hold_and_it_is_journaled(
    back_office: Any, ana: User, ruben: User, root: User, bank: Bank
) -> None:
    row = approved(ana, ruben, bank)
    answer = back_office(root).post(f"{PAGE}hand-out/", TYPED)
    bundle = zipfile.ZipFile(io.BytesIO(answer.content))
    told = json.loads(bundle.read("datos.json"))
    assert told["country_of_the_data"] == "VE"
    (claim,) = told["transactions"]
    assert (claim["id"], claim["customer_full_name"]) == (str(row.pk), NAME)
    assert claim["metadata"] == {"history": "alergia-canaria"}
    assert claim["history"][-1]["note"] == "Es Canario Inolvidable"
    assert claim["bookings"][0]["amount"] == "2350.74"
    assert claim["journal"][0]["action"] == "transactions.recorded"
    assert "answer" in claim["questions_to_the_bank"][0]
    assert claim["bank_credit"]["amount"] == "2350.74"
    page = PdfReader(io.BytesIO(bundle.read("datos.pdf"))).pages[0].extract_text()
    assert "Lo que guardamos sobre usted" in page
    assert NAME in page
    noted = Record.objects.get(action="privacy.subject_exported")
    assert (noted.actor_id, noted.facts) == (root.pk, '{"transactions":1}')
    assert DOCUMENT not in noted.subject_id


def test_the_command_writes_the_same(
    ana: User, root: User, bank: Bank, tmp_path: Path
) -> None:
    paid(ana, bank)
    file = tmp_path / "datos.zip"
    call_command("subject_export", file, document=DOCUMENT, by=root.email)
    assert set(zipfile.ZipFile(file).namelist()) == {"datos.json", "datos.pdf"}
    for wrong, told in [
        ({"document": "?"}, "is none"),
        ({"by": "nobody@clinica.test"}, "Nobody has"),
        ({"by": ana.email}, "not allowed"),
    ]:
        with pytest.raises(CommandError, match=told):
            call_command(
                "subject_export",
                file,
                **{"document": DOCUMENT, "by": root.email, **wrong},
            )


def test_an_erased_transaction_is_found_by_its_reference_alone(
    ana: User, root: User, person: Any, bank: Bank
) -> None:
    from transactions.services.erase import carry_out

    row = paid(ana, bank)
    carry_out(request_id=asked_for(root).pk, actor=person("pia", "admin"))
    assert list(Transaction.objects.matching("canario")) == []
    assert list(Transaction.objects.matching("417728")) == [row]
