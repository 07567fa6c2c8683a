"""The examples of docs/machines.md, run as they stand against a real server."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from audit.models import Record
from ledger.models import Transfer
from tests.accounts.machines import make_machine, private_pem
from tests.bank import Bank
from tests.transactions.desk import in_review

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "machines.md"


def test_the_documents_examples_sign_and_are_believed(
    root: User, ana: User, bank: Bank, live_server: Any, tmp_path: Path
) -> None:
    claim = in_review(ana, bank)
    machine = make_machine(
        root, "transaction:read", "transaction:review", "ledger:post"
    )
    private = tmp_path / "private.pem"
    private.write_bytes(private_pem(machine.private))
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(examples)],
        env={
            **os.environ,
            "AREAMEDICA_URL": live_server.url,
            "AREAMEDICA_KEY": machine.issued.text,
            "AREAMEDICA_PRIVATE_KEY": str(private),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    status, state, key, outcome = run.stdout.split()
    assert (status, state, outcome) == ("200", "CANCELED", "posted")
    assert Transfer.objects.filter(pk=key).exists()
    claim.refresh_from_db()
    assert claim.status == "CANCELED"
    assert Record.objects.filter(action="accounts.access_granted").count() == 3
