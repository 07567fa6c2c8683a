"""What the bank told us about a person, and how it is forgotten."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from banking.models import BankQuestion
from banking.reading import Outcome

# What names the money and not who paid it, under the bank's own names.
_OF_THE_MONEY = frozenset(
    {
        "referenceNumber",
        "amount",
        "currencyCode",
        "exchangeRate",
        "trnDate",
        "trnTime",
        "trnType",
        "sourceBankId",
        "destBankId",
    }
)
# No question lasts longer (banking.services.find_payment); an older one was given up.
_LONGEST = timedelta(minutes=2)


def without_the_payer(row: Mapping[str, object]) -> dict[str, object]:
    """Of a row of the bank only what the books and the tax office need."""
    return {name: value for name, value in row.items() if name in _OF_THE_MONEY}


def is_being_asked(subjects: Collection[UUID]) -> bool:
    """Whether an answer about one of them may still be written down."""
    asked = BankQuestion.objects.filter(subject__in=subjects, outcome=Outcome.ASKED)
    return asked.filter(asked_at__gt=Now() - _LONGEST).exists()


def forget_answers(subjects: Collection[UUID]) -> int:
    """Blank what was asked and answered about them; how many questions.

    When, how long and with what outcome stays.
    """
    asked = BankQuestion.objects.filter(subject__in=subjects)
    return asked.update(request={}, answer="")
