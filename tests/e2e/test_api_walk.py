"""The walk of `docs/api.md`, pasted as it stands against the running demo."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from tests.e2e.demo import PASSWORD, Demo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not shutil.which("curl"), reason="the walk needs curl"),
]


def test_the_walk_in_the_documents_runs(demo: Demo) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env={
            "PATH": os.environ["PATH"],
            "API": f"{demo.address}/api/v1",
            "SANDBOX": demo.bank_address,
            "PASSWORD": PASSWORD,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (
        permissions,
        _,
        recorded,
        same,
        refused,
        status,
        events,
        *_,
        booked,
        counts,
        _,
        over,
    ) = done.stdout.splitlines()
    assert "transaction:create" in permissions
    assert recorded == status == "COMPLETED"
    assert f"'existing_transaction_id': '{same}'" in refused
    assert [event["new_status"] for event in json.loads(events)] == [
        "IN_PROGRESS",
        "COMPLETED",
    ]
    assert UUID(booked)
    assert counts == "{'already_posted': 1}"
    assert "TOKEN_REVOKED" in over
