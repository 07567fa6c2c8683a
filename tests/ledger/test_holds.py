"""Money held is there and cannot be spent, until it is posted, released or expires."""

import contextlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic

from accounts import roles
from accounts.models import User
from areamedica.errors import Forbidden, Refusal
from audit.models import Record
from ledger.chart import account_id
from ledger.errors import (
    AccountFrozen,
    ExceedsOriginal,
    HoldEnded,
    HoldExpired,
    HoldNotFound,
    InsufficientFunds,
    MalformedPosting,
    OtherCurrency,
    PostingKeyReused,
    UnknownAccount,
    UnpostableAmount,
)
from ledger.models import Balance, Hold, HoldEnd, Transfer
from ledger.services.accounts import freeze
from ledger.services.holds import expire_holds, hold, post_hold, void_hold
from ledger.services.posting import post, post_batch
from ledger.services.proof import findings
from ledger.services.reports import held_in
from tests import application
from tests.journaled import staged
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.ledger.test_together import locked
from tests.together import together

pytestmark = pytest.mark.as_application

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)


@pytest.fixture
def ana_account(db: None) -> UUID:
    """A customer with ten bolívares."""
    account = customer("ana")
    with staged():
        post(posting(TRANSIT, account, "10.00"))
    return account


def held(debit: UUID, actor: User, amount: str = "4.00", **given: Any) -> Hold:
    at = {"expires_at": given.pop("expires_at", SOON), "now": NOW, "actor": actor}
    wanted = posting(debit, FEES, amount, **given)
    return hold(posting=wanted, is_dated=True, **at)[0]


def posted(one: Hold, actor: User, **given: Any) -> Transfer:
    facts = {"key": uuid4(), "amount": None, "now": NOW, **given}
    return post_hold(hold=one.key, actor=actor, **facts)[0]


def released(one: Hold, actor: User) -> None:
    void_hold(hold=one.key, actor=actor, reason="No vino", now=NOW)


def reserved(account: UUID) -> int:
    return Balance.objects.get(pk=account).held


def test_what_is_held_cannot_be_spent_or_held_again(
    ana_account: UUID, root: User
) -> None:
    held(ana_account, root, "4.00")
    assert (amount_of(ana_account), reserved(ana_account)) == (1000, 400)
    assert post_batch([posting(ana_account, FEES, "6.01")]) == ["insufficient_funds"]
    with pytest.raises(InsufficientFunds):
        held(ana_account, root, "6.01")
    post(posting(ana_account, FEES, "6.00"))
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_not_even_the_owner_of_the_table_spends_what_is_held(
    ana_account: UUID, root: User
) -> None:
    held(ana_account, root, "4.00")
    refused = pytest.raises(IntegrityError, match="free_not_below_floor")
    with application.as_owner(), refused:
        Balance.objects.filter(pk=ana_account).update(amount=399)


@pytest.mark.parametrize(("amount", "left"), [(None, 600), (Decimal("1.50"), 850)])
def test_posting_books_all_of_it_or_a_part_and_frees_the_rest(
    ana_account: UUID, root: User, amount: Decimal | None, left: int
) -> None:
    one = held(ana_account, root)
    transfer = posted(one, root, amount=amount)
    assert (amount_of(ana_account), reserved(ana_account)) == (left, 0)
    assert (transfer.cause_type, transfer.cause_id) == ("hold", str(one.key))
    assert (transfer.code, transfer.effective) == (one.code, one.effective)
    assert HoldEnd.objects.get().transfer_id == transfer.key
    told = Record.objects.filter(subject_id=str(one.key)).order_by("id")
    assert list(told.values_list("action", flat=True)) == [
        "ledger.money_held",
        "ledger.hold_posted",
    ]
    assert findings() == []


def test_a_hold_ends_once(ana_account: UUID, root: User) -> None:
    one, key = held(ana_account, root), uuid4()
    first = posted(one, root, key=key)
    assert posted(one, root, key=key) == first
    for again in (
        lambda: posted(one, root),
        lambda: posted(one, root, key=key, amount=Decimal("1.00")),
        lambda: released(one, root),
    ):
        with pytest.raises(HoldEnded):
            again()
    other = held(ana_account, root, "1.00")
    released(other, root)
    released(other, root)
    with pytest.raises(HoldEnded):
        posted(other, root)
    assert Record.objects.filter(action="ledger.hold_voided").count() == 1
    assert Transfer.objects.count() == 2
    assert reserved(ana_account) == 0
    assert findings() == []


def test_after_its_time_it_cannot_be_posted_and_the_sweep_releases_it(
    ana_account: UUID, root: User
) -> None:
    one, later = held(ana_account, root), held(ana_account, root, "1.00")
    Hold.objects.filter(pk=later.key)
    with pytest.raises(HoldExpired):
        posted(one, root, now=SOON)
    assert reserved(ana_account) == 500
    assert expire_holds(SOON - timedelta(seconds=1)) == 0
    assert expire_holds(SOON) == 2
    assert expire_holds(SOON) == 0
    assert reserved(ana_account) == 0
    assert set(HoldEnd.objects.values_list("kind", flat=True)) == {"expired"}
    assert Record.objects.filter(action="ledger.hold_expired").count() == 2
    with pytest.raises(HoldEnded):
        released(one, root)
    assert findings() == []


def test_on_a_frozen_account_it_can_be_released_and_not_posted(
    ana_account: UUID, root: User
) -> None:
    one = held(ana_account, root)
    freeze(account_id=ana_account, actor=root, reason="Reclamo")
    with pytest.raises(AccountFrozen):
        held(ana_account, root)
    with pytest.raises(AccountFrozen):
        posted(one, root)
    assert reserved(ana_account) == 400
    assert not HoldEnd.objects.exists()
    released(one, root)
    assert reserved(ana_account) == 0
    assert findings() == []


def test_both_accounts_that_would_shrink_keep_it_free(root: User) -> None:
    bank, ana = account_id("1120-VES"), customer("ana")
    post_batch([posting(TRANSIT, ana, "5.00"), posting(bank, TRANSIT, "5.00")])
    wanted = posting(ana, bank, "2.00")
    given = {"expires_at": SOON, "actor": root, "now": NOW}
    one, _ = hold(posting=wanted, is_dated=True, **given)
    assert (reserved(ana), reserved(bank)) == (200, 200)
    assert held_in("VES") == Decimal("2.00")
    assert findings() == []
    posted(one, root)
    assert (amount_of(ana), amount_of(bank)) == (300, 300)
    assert (reserved(ana), reserved(bank)) == (0, 0)
    assert held_in("VES") == 0
    assert findings() == []


def test_the_same_hold_again_is_the_same_and_another_is_refused(
    ana_account: UUID, root: User
) -> None:
    key = uuid4()
    assert held(ana_account, root, key=key) == held(ana_account, root, key=key)
    for other in ({"amount": "4.01"}, {"code": "other"}, {"cause": ("test", "2")}):
        with pytest.raises(PostingKeyReused):
            held(ana_account, root, key=key, **other)
    assert reserved(ana_account) == 400
    assert Record.objects.filter(action="ledger.money_held").count() == 1


def test_the_same_hold_again_after_its_time_is_the_same(
    ana_account: UUID, root: User
) -> None:
    wanted = posting(ana_account, FEES, "4.00")
    given: dict[str, Any] = {
        "posting": wanted,
        "expires_at": SOON,
        "actor": root,
        "is_dated": True,
    }
    first, is_new = hold(**given, now=NOW)
    assert is_new
    assert hold(**given, now=SOON) == (first, False)
    expire_holds(SOON)
    assert hold(**given, now=SOON) == (first, False)
    with pytest.raises(PostingKeyReused):
        hold(**{**given, "expires_at": NOW}, now=SOON)
    assert Record.objects.filter(action="ledger.money_held").count() == 1
    assert reserved(ana_account) == 0
    assert findings() == []


@pytest.mark.parametrize(
    ("refusal", "given"),
    [
        (UnknownAccount, {"debit": uuid4()}),
        (OtherCurrency, {"currency": "USD"}),
        (UnpostableAmount, {"amount": "0"}),
        (UnpostableAmount, {"amount": "-4"}),
        (UnpostableAmount, {"amount": "0.001"}),
        (MalformedPosting, {"debit": FEES}),
        (MalformedPosting, {"reverses": uuid4()}),
        (HoldExpired, {"expires_at": NOW}),
    ],
)
def test_what_cannot_be_held(
    ana_account: UUID, root: User, refusal: type[Refusal], given: dict[str, Any]
) -> None:
    with pytest.raises(refusal):
        held(**{"debit": ana_account, "actor": root, **given})
    assert not Hold.objects.exists()
    assert reserved(ana_account) == 0


def test_what_cannot_be_posted(ana_account: UUID, root: User) -> None:
    one = held(ana_account, root)
    taken = Transfer.objects.get().key
    for refusal, given in (
        (ExceedsOriginal, {"amount": Decimal("4.01")}),
        (UnpostableAmount, {"amount": Decimal("0")}),
        (PostingKeyReused, {"key": taken}),
    ):
        with pytest.raises(refusal):
            posted(one, root, **given)
    for amount in (None, Decimal("1.00")):
        with pytest.raises(HoldNotFound):
            posted(Hold(key=uuid4()), root, amount=amount)
    with pytest.raises(HoldNotFound):
        released(Hold(key=uuid4()), root)
    assert reserved(ana_account) == 400
    assert not HoldEnd.objects.exists()


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role(ana_account: UUID, root: User, person: Any, role: str) -> None:
    actor, first, second = person("paula", role), *(held(ana_account, root),) * 2
    second = held(ana_account, root, "1.00")
    acts = (
        lambda: held(ana_account, actor, "1.00"),
        lambda: posted(first, actor),
        lambda: released(second, actor),
    )
    for act in acts:
        if role in {"bookkeeper", "admin"}:
            act()
        else:
            with pytest.raises(Forbidden):
                act()
    assert HoldEnd.objects.count() == (2 if role in {"bookkeeper", "admin"} else 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["ledger_hold", "ledger_holdend"])
def test_the_database_refuses_to_rewrite_holds(
    ana_account: UUID, root: User, table: str
) -> None:
    posted(held(ana_account, root), root)
    with application.as_owner(), connection.cursor() as cursor:
        for change in (
            f"UPDATE {table} SET at = now()",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(IntegrityError, match="append-only"), atomic():
                cursor.execute(change)


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_posted_released_and_expired_at_once_it_ends_in_one_way(root: User) -> None:
    ana = customer("ana")
    post(posting(TRANSIT, ana, "10.00"))
    ones = [held(ana, root, "1.00") for _ in range(5)]

    def posts() -> None:
        for one in ones:
            _or_refused(lambda one=one: posted(one, root))

    def releases() -> None:
        for one in ones[::-1]:
            _or_refused(lambda one=one: released(one, root))

    together(posts, releases, lambda: expire_holds(SOON), posts, releases)
    assert HoldEnd.objects.count() == 5
    booked = HoldEnd.objects.filter(kind="posted").count()
    assert amount_of(ana) == 1000 - 100 * booked
    assert reserved(ana) == 0
    assert Record.objects.filter(action__contains="ledger.hold_").count() == 5
    assert findings() == []


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_of_twins_without_a_day_on_both_sides_of_midnight_one_is_new(
    root: User,
) -> None:
    ana = customer("ana")
    post(posting(TRANSIT, ana, "10.00"))
    given = {"expires_at": SOON, "actor": root, "now": NOW, "is_dated": False}
    today = posting(ana, FEES, "1.00")
    twins = [today, replace(today, effective=today.effective + timedelta(days=1))]
    with locked(ana):
        told = together(*[partial(hold, posting=each, **given) for each in twins * 4])
    assert Counter(is_new for _, is_new in told) == {True: 1, False: 7}
    assert len({each.effective for each, _ in told}) == 1
    assert reserved(ana) == 100
    assert Record.objects.filter(action="ledger.money_held").count() == 1
    assert findings() == []


def _or_refused(act: Any) -> None:
    with contextlib.suppress(HoldEnded):
        act()


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_what_is_held_and_spent_at_once_is_never_more_than_there_is(
    root: User,
) -> None:
    ana = customer("ana")
    post(posting(TRANSIT, ana, "10.00"))

    def holds() -> int:
        try:
            held(ana, root, "1.00")
        except InsufficientFunds:
            return 0
        return 1

    def spends() -> int:
        return post_batch([posting(ana, FEES, "1.00")]).count("posted")

    assert sum(together(*[holds, spends] * 8)) == 10
    assert findings() == []
