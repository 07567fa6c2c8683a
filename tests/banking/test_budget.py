"""At most two questions a minute about one transaction, whoever asks."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from banking import services
from banking.models import AskBudget, BankQuestion
from banking.tasks import forget_idle_budgets
from tests.together import together

SUBJECT = "2c6691f0-faf0-48b1-a729-70631d878a34"


def spend(limit: int = 2, subject: str = SUBJECT) -> bool:
    question = BankQuestion(
        subject=subject,
        bank="banesco",
        modality="MOBILE_PAYMENT",
        shape="mobile.manual",
        patience="WORKER",
        request={"referenceNumber": "**7890"},
    )
    return BankQuestion.objects.write_down(question, limit=limit)


def let_pass(seconds: float) -> None:
    """Move every counted moment back, as if so much time had passed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE banking_askbudget SET asked_at = ARRAY("
            "SELECT m - %s * interval '1s' FROM unnest(asked_at) AS m ORDER BY m)",
            [seconds],
        )


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_get_two() -> None:
    results = together(*[spend] * 50)
    assert results.count(True) == 2
    assert BankQuestion.objects.count() == 2


@pytest.mark.django_db
class TestTheMinute:
    def test_slides(self) -> None:
        assert spend()
        let_pass(40)
        assert spend()
        assert not spend()
        let_pass(22)  # the first is 62 s old, the second 22 s
        assert spend()
        assert not spend()
        let_pass(40)
        assert spend()

    def test_has_one_second_for_the_road(self) -> None:
        assert [spend(), spend()] == [True, True]
        let_pass(55)
        assert not spend()
        let_pass(7)
        assert spend()

    def test_says_when_the_next_is_allowed(self) -> None:
        assert AskBudget.objects.next_at(subject=SUBJECT, limit=2) is None
        spend()
        assert AskBudget.objects.next_at(subject=SUBJECT, limit=2) is None
        spend()
        first = AskBudget.objects.get().asked_at[0]
        allowed = AskBudget.objects.next_at(subject=SUBJECT, limit=2)
        assert allowed == first + timedelta(seconds=61)
        let_pass(62)
        assert AskBudget.objects.next_at(subject=SUBJECT, limit=2) is None

    def test_counts_each_transaction_for_itself(self) -> None:
        assert [spend(), spend(), spend()] == [True, True, False]
        assert spend(subject=str(uuid.uuid4()))

    @pytest.mark.parametrize("limit", [1, 2, 3, 10])
    def test_has_as_many_places_as_configured(self, limit: int) -> None:
        assert [spend(limit) for _ in range(limit + 1)] == [True] * limit + [False]
        assert len(AskBudget.objects.get().asked_at) == limit

    def test_follows_a_changed_limit(self) -> None:
        assert [spend(3) for _ in range(3)] == [True] * 3
        assert not spend(2)
        assert not spend(3)
        let_pass(62)
        assert [spend(1), spend(1)] == [True, False]
        assert spend(2)

    def test_is_not_blocked_by_a_clock_that_ran_ahead(self) -> None:
        assert [spend(), spend()] == [True, True]
        let_pass(-3600)
        assert spend()

    def test_what_is_refused_is_not_written_down(self) -> None:
        for _ in range(5):
            spend()
        assert BankQuestion.objects.count() == 2
        assert set(BankQuestion.objects.values_list("outcome", flat=True)) == {"ASKED"}


@pytest.mark.django_db
def test_idle_budgets_are_forgotten() -> None:
    spend()
    let_pass(3700)
    spend()  # drawn on again: the last moment counts, not the first
    spend(subject=str(uuid.uuid4()))
    let_pass(3000)
    assert services.forget_idle_budgets() == 0
    let_pass(700)
    spend()
    forget_idle_budgets()
    assert str(AskBudget.objects.get().subject) == SUBJECT


@pytest.mark.django_db
def test_the_database_keeps_the_time() -> None:
    spend()
    asked = BankQuestion.objects.annotate(now=Now()).get()
    assert abs(asked.asked_at - timezone.now()) < timedelta(seconds=5)
    assert asked.asked_at == AskBudget.objects.get().asked_at[0]
    assert str(asked) == "mobile.manual ASKED"
    assert str(AskBudget.objects.get()) == SUBJECT
