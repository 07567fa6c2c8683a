"""The same key and body: one effect and one answer, in parallel and after a crash."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import F

from accounts.models import User
from areamedica.api.idempotency import forget_expired
from areamedica.api.models import StoredAnswer
from tests.together import together
from tests.transactions.bodies import TRANSACTIONS, arrives, mobile, transfer
from transactions.models import Transaction, TransactionEvent

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]


@pytest.fixture(autouse=True)
def _bank_question_off(settings: Any) -> None:
    settings.QUICK_QUESTION_SECONDS = 0


def post(client: Any, key: str | None, body: Any = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(
        f"{TRANSACTIONS}/full-reference",
        body or transfer(),
        format="json",
        headers=headers,
    )


def test_a_repeated_key_gets_the_same_bytes(api: Any, ana: User) -> None:
    client = api(ana)
    first, again = post(client, "k-1"), post(client, "k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert Transaction.objects.count() == 1


def test_a_quoted_key_is_the_bare_one(api: Any, ana: User) -> None:
    client = api(ana)
    assert post(client, "k-1").content == post(client, '"k-1"').content


def test_a_key_with_another_body_is_refused(api: Any, ana: User) -> None:
    client = api(ana)
    post(client, "k-1")
    answer = post(client, "k-1", transfer(reference="777777"))
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert Transaction.objects.count() == 1


def test_another_persons_key_is_another_key(api: Any, ana: User, beto: User) -> None:
    post(api(ana), "k-1")
    answer = post(api(beto), "k-1", transfer(reference="777777"))
    assert answer.status_code == 201


def test_a_refusal_is_not_kept(api: Any, ana: User) -> None:
    client = api(ana)
    post(client, "k-0")
    assert post(client, "k-1").status_code == 422
    Transaction.objects.update(claim_key="elsewhere")
    assert post(client, "k-1").status_code == 201


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a b", "ñ", "\x7f"])
def test_a_senseless_key_is_refused(api: Any, ana: User, key: str) -> None:
    answer = post(api(ana), key)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_IDEMPOTENCY_KEY"
    assert not Transaction.objects.exists()


def test_rights_are_checked_again_before_a_replay(
    api: Any, ana: User, person: Any
) -> None:
    client = api(ana)
    post(client, "k-1")
    ana.role = person("x", "support").role
    ana.save()
    assert post(client, "k-1").status_code == 403


def test_the_first_caller_who_died_leaves_an_answer(api: Any, ana: User) -> None:
    """Its commit stands; the better answer after the bank's never came."""
    client = api(ana)
    first = post(client, "k-1")
    StoredAnswer.objects.update(
        is_settled=False, created_at=F("created_at") - timedelta(seconds=30)
    )
    assert post(client, "k-1").content == first.content


def test_a_caller_still_at_the_bank_makes_the_twin_wait(api: Any, ana: User) -> None:
    client = api(ana)
    post(client, "k-1")
    StoredAnswer.objects.update(is_settled=False)
    answer = post(client, "k-1")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "IN_FLIGHT"
    assert answer["Retry-After"] == "1"


def test_the_stored_answer_is_the_verdict_the_caller_read(
    api: Any, ana: User, bank: Any
) -> None:
    arrives(bank, mobile())
    client = api(ana)

    def send() -> Any:
        return client.post(
            f"{TRANSACTIONS}/partial-reference",
            mobile(),
            format="json",
            headers={"Idempotency-Key": "k-1"},
        )

    first, again = send(), send()
    assert first.json()["status"] == "COMPLETED"
    assert first.content == again.content


def test_keys_are_forgotten_after_a_day(api: Any, ana: User) -> None:
    post(api(ana), "k-1")
    assert forget_expired() == 0
    StoredAnswer.objects.update(created_at=F("created_at") - timedelta(hours=25))
    assert forget_expired() == 1


def test_decisions_and_deletions_take_keys_too(
    api: Any, ana: User, ruben: User
) -> None:
    made = post(api(ana), None).json()
    client = api(ruben)
    headers = {"Idempotency-Key": "d-1"}
    first = client.delete(f"{TRANSACTIONS}/{made['id']}", headers=headers)
    again = client.delete(f"{TRANSACTIONS}/{made['id']}", headers=headers)
    assert (first.status_code, again.status_code) == (204, 204)
    assert TransactionEvent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("requests", "copies"),
    [(10, 20), pytest.param(100, 50, marks=pytest.mark.soak)],
)
def test_twins_in_parallel_have_one_effect(
    api: Any, ana: User, settings: Any, requests: int, copies: int
) -> None:
    settings.USER_RATE_LIMIT_REQUESTS = 10**9
    client = api(ana)
    for number in range(requests):
        body = transfer(reference=f"{900000 + number}")
        answers = together(*[partial(post, client, f"k-{number}", body)] * copies)
        codes = Counter(answer.status_code for answer in answers)
        assert set(codes) <= {201, 409}, codes
        assert len({a.content for a in answers if a.status_code == 201}) == 1
    assert Transaction.objects.count() == requests
    assert TransactionEvent.objects.count() == requests
