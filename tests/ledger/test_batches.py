"""What somebody outside has sent is booked in his name and can be proved later."""

import hashlib
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts import roles
from accounts.models import User
from areamedica.errors import Forbidden
from audit.models import Record
from ledger.errors import MalformedPosting
from ledger.models import Transfer
from ledger.services.batches import book_batch
from ledger.services.posting import post
from ledger.services.proof import findings
from tests.ledger.books import FEES, TRANSIT, customer, posting

pytestmark = [pytest.mark.django_db, pytest.mark.as_application]


def test_a_batch_has_one_record_and_every_transfer_names_it(root: User) -> None:
    ana, batch = customer("ana"), uuid4()
    wanted = [
        posting(TRANSIT, ana, "3.00", key=UUID(int=2)),
        posting(ana, FEES, "99.00"),
        posting(ana, FEES, "1.00", key=UUID(int=1)),
    ]
    outcomes = book_batch(postings=wanted, actor=root, batch=batch)
    assert outcomes == ["posted", "insufficient_funds", "posted"]
    causes = set(Transfer.objects.values_list("cause_type", "cause_id"))
    assert causes == {("batch", str(batch))}
    told = Record.objects.get(action="ledger.batch_posted")
    assert (told.actor_id, told.subject_type) == (root.pk, "batch")
    assert told.subject_id == str(batch)
    lines = (
        f"{UUID(int=1)} {ana} {FEES} 100 2026-11-20 test -\n"
        f"{UUID(int=2)} {TRANSIT} {ana} 300 2026-11-20 test -\n"
    )
    assert json.loads(told.facts) == {
        "count": 3,
        "posted": 2,
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }
    assert findings() == []


def test_sent_again_nothing_is_booked_or_journaled(root: User) -> None:
    ana, batch = customer("ana"), uuid4()
    first, second = posting(TRANSIT, ana), posting(ana, FEES, "99.00")
    book_batch(postings=[first, second], actor=root, batch=batch)
    again = book_batch(postings=[first, second], actor=root, batch=batch)
    assert again == ["already_posted", "insufficient_funds"]
    assert Record.objects.filter(action="ledger.batch_posted").count() == 1
    post(posting(TRANSIT, ana, "99.00"))
    later = book_batch(postings=[first, second], actor=root, batch=batch)
    assert later == ["already_posted", "posted"]
    assert Record.objects.filter(action="ledger.batch_posted").count() == 2
    assert findings() == []


def test_a_batch_may_take_back_what_an_earlier_one_booked(root: User) -> None:
    wanted = posting(TRANSIT, FEES, "5.00")
    book_batch(postings=[wanted], actor=root, batch=uuid4())
    back = [
        posting(FEES, TRANSIT, "5.00", reverses=wanted.key),
        posting(TRANSIT, FEES, "1.00"),
    ]
    assert book_batch(postings=back, actor=root, batch=uuid4()) == ["posted"] * 2
    assert Record.objects.filter(action="ledger.batch_posted").count() == 2
    assert findings() == []


def test_what_is_malformed_books_and_journals_nothing(root: User) -> None:
    wanted = [posting(TRANSIT, FEES), posting(TRANSIT, TRANSIT)]
    with pytest.raises(MalformedPosting):
        book_batch(postings=wanted, actor=root, batch=uuid4())
    assert not Transfer.objects.exists()
    assert not Record.objects.filter(action="ledger.batch_posted").exists()
    assert book_batch(postings=[], actor=root, batch=uuid4()) == []


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role(person: Any, role: str) -> None:
    given: dict[str, Any] = {"postings": [posting(TRANSIT, FEES)], "batch": uuid4()}
    if role in {"bookkeeper", "admin"}:
        assert book_batch(actor=person("paula", role), **given) == ["posted"]
    else:
        with pytest.raises(Forbidden):
            book_batch(actor=person("paula", role), **given)
        assert not Transfer.objects.exists()
