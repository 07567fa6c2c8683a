"""A transfer is taken back by another one: once, in parts, by who may."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts import roles
from accounts.models import User
from areamedica.errors import Forbidden
from audit.models import Record
from ledger.errors import (
    AccountFrozen,
    ExceedsOriginal,
    InsufficientFunds,
    NotReversible,
    PostingKeyReused,
    UnpostableAmount,
)
from ledger.models import Balance, Transfer
from ledger.services.posting import post, post_batch
from ledger.services.proof import findings
from ledger.services.reversal import left_of, reverse
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.together import together

pytestmark = pytest.mark.as_application

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def booked(amount: str = "10.00") -> UUID:
    wanted = posting(TRANSIT, customer("ana"), amount)
    post(wanted)
    return wanted.key


def taken_back(original: UUID, actor: User, **given: Any) -> Transfer:
    back, _ = reverse(
        **{
            "original": original,
            "key": uuid4(),
            "amount": None,
            "actor": actor,
            "reason": "Duplicado",
            "now": NOW,
            **given,
        }
    )
    return back


@pytest.mark.django_db
def test_all_of_a_transfer_is_taken_back_and_journaled(root: User) -> None:
    original = booked()
    back = taken_back(original, root)
    assert (amount_of(TRANSIT), amount_of(customer("ana"))) == (0, 0)
    assert (back.reverses, back.amount, back.code) == (original, 1000, "reversal")
    assert back.effective.isoformat() == "2026-11-20"  # still the day before in Caracas
    assert (back.cause_type, back.cause_id) == ("reversal", str(original))
    told = Record.objects.get(action="ledger.transfer_reversed")
    assert (told.subject_id, told.actor_id) == (str(back.key), root.pk)
    assert '"amount":"10.00"' in told.facts
    assert findings() == []


@pytest.mark.django_db
def test_in_parts_until_nothing_is_left(root: User) -> None:
    original = booked()
    taken_back(original, root, amount=Decimal("4.00"))
    with pytest.raises(ExceedsOriginal):
        taken_back(original, root, amount=Decimal("6.01"))
    assert taken_back(original, root).amount == 600
    for amount in (None, Decimal("0.01")):
        with pytest.raises(ExceedsOriginal):
            taken_back(original, root, amount=amount)
    assert Record.objects.filter(action="ledger.transfer_reversed").count() == 2
    assert findings() == []


@pytest.mark.django_db
def test_what_is_left_is_told_of_many_at_once(root: User) -> None:
    first, second = booked(), booked("3.00")
    back = taken_back(first, root, amount=Decimal("4.00"))
    transfers = list(Transfer.objects.all())
    assert left_of(transfers) == {first: 600, second: 300, back.key: 0}


@pytest.mark.django_db
def test_the_same_key_again_gives_what_it_booked(root: User) -> None:
    original, key = booked(), uuid4()
    first = taken_back(original, root, key=key, amount=Decimal("4.00"))
    assert taken_back(original, root, key=key, amount=Decimal("4.00")) == first
    for other in (Decimal("5.00"), None):
        with pytest.raises(PostingKeyReused):
            taken_back(original, root, key=key, amount=other)
    with pytest.raises(PostingKeyReused):
        taken_back(original, root, key=original)
    assert Transfer.objects.count() == 2
    assert Record.objects.filter(action="ledger.transfer_reversed").count() == 1


@pytest.mark.django_db
def test_what_cannot_be_taken_back(root: User) -> None:
    back = taken_back(booked(), root, amount=Decimal("1.00"))
    for original in (back.key, uuid4()):
        for amount in (None, Decimal("0.50")):
            with pytest.raises(NotReversible):
                taken_back(original, root, amount=amount)
    for amount in ("0", "-1", "0.001", "99999999999999999999"):
        with pytest.raises(UnpostableAmount):
            taken_back(back.reverses, root, amount=Decimal(amount))
    post(posting(customer("ana"), FEES, "5.00"))
    with pytest.raises(InsufficientFunds):
        taken_back(back.reverses, root)
    Balance.objects.filter(pk=customer("ana")).update(is_frozen=True)
    with pytest.raises(AccountFrozen):
        taken_back(back.reverses, root)


@pytest.mark.django_db
def test_a_reversal_is_judged_in_the_written_order() -> None:
    original, ana = booked(), customer("ana")
    results = post_batch(
        [
            posting(ana, FEES, "1.00", reverses=original),
            posting(TRANSIT, ana, "1.00", reverses=original),
            posting(ana, TRANSIT, "1.00", currency="USD", reverses=original),
            posting(ana, TRANSIT, "99.00", reverses=original),
            posting(ana, TRANSIT, "6.00", reverses=original),
            posting(ana, TRANSIT, "6.00", reverses=original),
            posting(ana, TRANSIT, "4.00", reverses=original),
            posting(ana, TRANSIT, "1.00"),
        ]
    )
    assert results == [
        "not_reversible",
        "not_reversible",
        "other_currency",
        "exceeds_original",
        "posted",
        "exceeds_original",
        "posted",
        "insufficient_funds",
    ]
    assert findings() == []


@pytest.mark.django_db
def test_a_group_that_fails_gives_back_what_it_had_taken_back() -> None:
    original, ana = booked(), customer("ana")
    results = post_batch(
        [
            posting(ana, TRANSIT, "6.00", reverses=original, is_linked=True),
            posting(ana, FEES, "99.00"),
            posting(ana, TRANSIT, "10.00", reverses=original),
        ]
    )
    assert results == ["linked_failed", "insufficient_funds", "posted"]


@pytest.mark.django_db
def test_its_original_must_be_in_the_books_before_the_batch() -> None:
    ana = customer("ana")
    wanted = posting(TRANSIT, ana)
    back = posting(ana, TRANSIT, reverses=wanted.key)
    assert post_batch([wanted, back]) == ["posted", "not_reversible"]
    assert post_batch([wanted, back]) == ["already_posted", "posted"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role(person: Any, role: str) -> None:
    original, actor = booked(), person("paula", role)
    if role in {"bookkeeper", "admin"}:
        taken_back(original, actor)
    else:
        with pytest.raises(Forbidden):
            taken_back(original, actor)
        assert Transfer.objects.count() == 1


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_parts_that_race_take_no_more_than_there_is(root: User) -> None:
    original = booked("1.00")

    def part() -> bool:
        try:
            taken_back(original, root, amount=Decimal("0.30"))
        except ExceedsOriginal:
            return False
        return True

    assert sum(together(*[part] * 8)) == 3
    assert amount_of(customer("ana")) == 10
    assert findings() == []


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_the_rest_is_taken_once_however_many_want_it(root: User) -> None:
    original = booked()

    def rest() -> bool:
        try:
            taken_back(original, root)
        except ExceedsOriginal:
            return False
        return True

    assert sum(together(*[rest] * 8)) == 1
    assert findings() == []
