"""One transfer, many, twice, tied together, refused: what becomes of each."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.utils import translation

from accounts.models import User
from areamedica.errors import Forbidden, Refusal
from audit.models import Record
from ledger.chart import account_id
from ledger.errors import (
    AccountFrozen,
    AccountNotFound,
    BatchTooLarge,
    InsufficientFunds,
    MalformedPosting,
    OtherCurrency,
    PostingKeyReused,
    UnknownAccount,
    UnpostableAmount,
)
from ledger.models import Account, Balance, Entry, Transfer
from ledger.services.accounts import freeze, release
from ledger.services.posting import LARGEST_BATCH, Outcome, post, post_batch
from ledger.services.proof import findings
from tests.ledger.books import DAY, FEES, TRANSIT, amount_of, customer, posting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_alone")]


def test_a_transfer_moves_money_from_one_account_to_the_other():
    ana = customer("ana")
    assert post(posting(TRANSIT, ana, "12.50")) is Outcome.POSTED
    assert (amount_of(TRANSIT), amount_of(ana)) == (1250, 1250)
    [transfer] = Transfer.objects.all()
    assert (transfer.debit_seq, transfer.credit_seq) == (1, 1)
    assert (transfer.debit_balance, transfer.credit_balance) == (1250, 1250)
    assert list(
        Entry.objects.order_by("-is_debit").values_list("account_id", "balance")
    ) == [(TRANSIT, 1250), (ana, 1250)]


def test_the_same_key_and_content_is_one_transfer():
    wanted = posting(TRANSIT, customer("ana"))
    assert [post(wanted), post(wanted)] == [Outcome.POSTED, Outcome.ALREADY_POSTED]
    assert Transfer.objects.count() == 1
    assert amount_of(TRANSIT) == 1000


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "10.01"},
        {"code": "another"},
        {"effective": DAY - timedelta(days=1)},
        {"cause": ("test", "2")},
        {"cause": ("other", "1")},
        {"metadata": {"a": 1}},
        {"currency": "USD"},
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_the_same_key_with_other_content_is_refused(other, together):
    ana, key = customer("ana"), uuid4()
    first = posting(TRANSIT, ana, key=key)
    second = posting(TRANSIT, ana, key=key, **other)
    if together:
        results = post_batch([first, second])
    else:
        results = [post(first), *post_batch([second])]
    assert results == [Outcome.POSTED, Outcome.KEY_REUSED]
    assert Transfer.objects.count() == 1


def test_every_posting_of_a_batch_has_its_own_result():
    ana, beto = customer("ana"), customer("beto")
    Balance.objects.filter(pk=beto).update(is_frozen=True)
    twin = posting(TRANSIT, ana, "5.00")
    results = post_batch(
        [
            posting(TRANSIT, ana, "1.00"),
            posting(TRANSIT, uuid4()),
            posting(TRANSIT, ana, currency="USD"),
            posting(TRANSIT, account_id("1110-USD")),
            posting(TRANSIT, account_id("2100-VES")),  # a heading
            posting(TRANSIT, beto),
            posting(ana, TRANSIT, "1.01"),
            posting(ana, TRANSIT, "1.00"),
            twin,
            twin,
        ]
    )
    assert results == [
        "posted",
        "unknown_account",
        "other_currency",
        "other_currency",
        "unknown_account",
        "frozen",
        "insufficient_funds",
        "posted",
        "posted",
        "already_posted",
    ]
    assert amount_of(ana) == 500
    assert findings() == []


def test_of_several_reasons_the_first_of_the_list_is_told():
    ana = customer("ana")
    key = uuid4()
    post(posting(TRANSIT, ana, "1.00", key=key))
    Balance.objects.filter(pk=ana).update(is_frozen=True)
    results = post_batch(
        [
            posting(ana, uuid4(), "9.00", key=key, currency="USD"),
            posting(ana, uuid4(), "9.00", currency="USD"),
            posting(ana, TRANSIT, "9.00", currency="USD"),
            posting(ana, TRANSIT, "9.00"),
        ]
    )
    assert results == ["key_reused", "unknown_account", "other_currency", "frozen"]


def test_a_group_is_booked_whole_or_not_at_all():
    ana = customer("ana")
    results = post_batch(
        [
            posting(TRANSIT, ana, "3.00", is_linked=True),
            posting(ana, FEES, "1.00"),
            posting(TRANSIT, ana, "4.00", is_linked=True),
            posting(ana, FEES, "99.00", is_linked=True),
            posting(TRANSIT, ana, "5.00"),
            posting(TRANSIT, ana, "6.00"),
        ]
    )
    assert results == [
        "posted",
        "posted",
        "linked_failed",
        "insufficient_funds",
        "linked_failed",
        "posted",
    ]
    assert amount_of(ana) == 800
    assert findings() == []


def test_a_key_that_fell_with_its_group_is_free_again():
    ana, key = customer("ana"), uuid4()
    results = post_batch(
        [
            posting(TRANSIT, ana, key=key, is_linked=True),
            posting(TRANSIT, ana, key=key, is_linked=True),
            posting(TRANSIT, uuid4()),
            posting(TRANSIT, ana, "2.00", key=key),
        ]
    )
    assert results == ["linked_failed", "linked_failed", "unknown_account", "posted"]
    assert amount_of(ana) == 200


def test_a_group_may_be_sent_again():
    ana = customer("ana")
    group = [
        posting(TRANSIT, ana, "3.00", is_linked=True),
        posting(ana, FEES, "1.00"),
    ]
    post_batch(group)
    assert post_batch(group) == ["already_posted", "already_posted"]
    spoiled = [group[0], posting(ana, FEES, "50.00")]
    assert post_batch(spoiled) == ["already_posted", "insufficient_funds"]


def _refused(refusal: type[Refusal], act: Callable[[], Any]) -> None:
    with pytest.raises(refusal), atomic():
        act()
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("refusal", "given"),
    [
        (UnpostableAmount, {"amount": "0"}),
        (UnpostableAmount, {"amount": "-1"}),
        (UnpostableAmount, {"amount": "0.001"}),
        (UnpostableAmount, {"amount": "NaN"}),
        (UnpostableAmount, {"amount": "Infinity"}),
        (UnpostableAmount, {"amount": "1E+30"}),
        (UnpostableAmount, {"amount": "100000000000000.01"}),
        (UnpostableAmount, {"currency": "XXX"}),
        (MalformedPosting, {"cause": ("", "1")}),
        (MalformedPosting, {"cause": ("test", "")}),
        (MalformedPosting, {"code": ""}),
        (MalformedPosting, {"is_linked": True}),
        (MalformedPosting, {"credit": TRANSIT}),
        (MalformedPosting, {"effective": date(2999, 1, 1)}),
        (UnknownAccount, {"credit": uuid4()}),
        (OtherCurrency, {"currency": "EUR"}),
        (InsufficientFunds, {"debit": account_id("2190-VES")}),
    ],
)
def test_one_that_cannot_be_posted_is_refused_by_name(refusal, given):
    given = {"debit": TRANSIT, "credit": FEES, **given}
    _refused(refusal, lambda: post(posting(**given)))


@pytest.mark.parametrize(
    ("given", "spanish", "english"),
    [
        (
            {"cause": ("", "1")},
            "su causa falta o es demasiado larga",
            "its cause is missing or too long",
        ),
        (
            {"code": "x" * 33},
            "su código falta o es demasiado largo",
            "its code is missing or too long",
        ),
        (
            {"is_linked": True},
            "está enlazado con uno siguiente que falta",
            "it is linked to a next one that is missing",
        ),
        (
            {"credit": TRANSIT},
            "el debe y el haber son la misma cuenta",
            "debit and credit are one account",
        ),
        (
            {"effective": date(2999, 1, 1)},
            "tiene efecto dentro de más de una semana",
            "it takes effect more than a week from now",
        ),
    ],
)
def test_which_is_malformed_and_why_is_told_in_the_readers_language(
    given, spanish, english
):
    odd = posting(**{"debit": TRANSIT, "credit": FEES, **given})
    with pytest.raises(MalformedPosting) as refused, atomic():
        post_batch([posting(TRANSIT, FEES), odd])
    cannot = "Un asiento en el lugar 1 no se puede registrar"
    assert refused.value.message == f"{cannot}: {spanish}"
    with translation.override("en"):
        cannot = "A transfer at place 1 cannot be posted"
        assert refused.value.message == f"{cannot}: {english}"


def test_a_key_of_other_content_is_refused_by_name():
    key = uuid4()
    post(posting(TRANSIT, FEES, key=key))
    with pytest.raises(PostingKeyReused):
        post(posting(TRANSIT, FEES, "11.00", key=key))


def test_a_batch_has_a_size():
    one = posting(TRANSIT, FEES)
    _refused(BatchTooLarge, lambda: post_batch([one] * (LARGEST_BATCH + 1)))
    assert post_batch([]) == []


def test_the_largest_batch_is_posted():
    ana = customer("ana")
    batch = [posting(TRANSIT, ana, "0.01") for _ in range(LARGEST_BATCH)]
    assert set(post_batch(batch)) == {Outcome.POSTED}
    assert amount_of(ana) == LARGEST_BATCH
    assert findings() == []


def test_a_frozen_account_stands_still_until_it_is_released(root, carla):
    ana = customer("ana")
    freeze(account_id=ana, actor=root, reason="Reclamo abierto")
    freeze(account_id=ana, actor=root, reason="otra vez")
    with pytest.raises(AccountFrozen):
        post(posting(TRANSIT, ana))
    with pytest.raises(Forbidden):
        release(account_id=ana, actor=carla, reason="")
    release(account_id=ana, actor=root, reason="Resuelto")
    assert post(posting(TRANSIT, ana)) is Outcome.POSTED
    with pytest.raises(AccountNotFound):
        freeze(account_id=uuid4(), actor=root, reason="")
    told = Record.objects.filter(subject_id=str(ana)).order_by("id")
    assert list(told.values_list("action", flat=True)) == [
        "ledger.account_opened",
        "ledger.account_frozen",
        "ledger.account_released",
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_transfer SET amount = 1",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
        "UPDATE ledger_account SET currency = 'USD'",
        "UPDATE ledger_account SET kind = 'asset'",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account CASCADE",
        "UPDATE ledger_balance SET amount = -1 WHERE floor = 0",
    ],
)
def test_the_database_refuses_to_rewrite_the_books(change):
    post(posting(TRANSIT, customer("ana")))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only|below_floor"), atomic():
            cursor.execute(change)


def test_a_name_may_be_corrected():
    Account.objects.filter(pk=TRANSIT).update(name="En tránsito")
    assert Account.objects.get(pk=TRANSIT).name == "En tránsito"


def test_the_largest_amount_is_kept_to_the_cent(root: User):
    ana = customer("ana")
    post(posting(TRANSIT, ana, "100000000000000.00"))
    assert amount_of(ana) == 10**16
    assert Decimal(amount_of(ana)) / 100 == Decimal("1E+14")


@pytest.mark.parametrize("text", ['a"b', "a\\b", '\\"', "{a,b}", "NULL", " ", "ñ’%s"])
def test_every_text_is_kept_as_it_was_sent(text: str):
    wanted = posting(
        TRANSIT,
        FEES,
        code=text,
        cause=(text, text),
        metadata={text: [text, {"a": None}]},
    )
    assert post(wanted) is Outcome.POSTED
    assert post(wanted) is Outcome.ALREADY_POSTED
    [row] = Transfer.objects.all()
    assert (row.code, row.cause_type, row.cause_id) == (text, text, text)
    assert row.metadata == {text: [text, {"a": None}]}


def test_books_that_were_tampered_with_are_not_added_to():
    post(posting(TRANSIT, FEES))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_balance SET seq = 0")
    wanted = [posting(TRANSIT, FEES), posting(TRANSIT, FEES)]
    for each in (wanted, wanted[:1]):
        with pytest.raises(IntegrityError, match="leg_once"), atomic():
            post_batch(each)
    assert Transfer.objects.count() == 1
