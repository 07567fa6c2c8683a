"""Transfers as clients send them, in one line each."""

from typing import Any
from uuid import UUID, uuid4

LEDGER = "/api/v1/ledger"
TRANSFERS = f"{LEDGER}/transfers"
BATCH = f"{TRANSFERS}/batch"


def body(
    debit: UUID | str, credit: UUID | str, amount: Any = "10.00", **given: Any
) -> Any:
    return {
        "key": str(uuid4()),
        "debit": str(debit),
        "credit": str(credit),
        "amount": amount,
        "currency": "VES",
        "code": "test",
        "effective": "2026-11-20",
        **given,
    }


def send(client: Any, path: str, sent: Any, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(path, sent, format="json", headers=headers)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def outcomes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    results = answer.json()["results"]
    assert [each["index"] for each in results] == list(range(len(results)))
    return [each["outcome"] for each in results]
