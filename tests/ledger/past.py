"""Books that were written on other days than today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from uuid import UUID

from areamedica.clock import caracas_day
from ledger.chart import account_id
from ledger.services.accounts import owned_account
from ledger.services.posting import Posting, post_batch
from tests.journaled import unguarded
from tests.ledger.books import posting


@dataclass(frozen=True)
class Booked:
    """A transfer as a test knows it without asking the books. `cents` above zero."""

    debit: UUID
    credit: UUID
    cents: int
    at: datetime
    effective: date
    currency: str = "VES"

    @property
    def wanted(self) -> Posting:
        return posting(
            self.debit,
            self.credit,
            f"{self.cents // 100}.{self.cents % 100:02}",
            currency=self.currency,
            effective=min(self.effective, caracas_day(self.at)),
        )


def write(transfers: Iterable[Booked]) -> None:
    """Post them in their order, then let each say when that was."""
    booked = list(transfers)
    wanted = [each.wanted for each in booked]
    post_batch(wanted)
    with unguarded("ledger_transfer") as cursor:
        cursor.executemany(
            "UPDATE ledger_transfer SET at = %s, effective = %s WHERE key = %s",
            [
                (each.at, each.effective, asked.key)
                for each, asked in zip(booked, wanted, strict=True)
            ],
        )


def account(number: str, currency: str = "VES") -> UUID:
    return account_id(f"{number}-{currency}")


def patient(number: int, currency: str = "VES") -> UUID:
    return owned_account(
        number="2100", currency=currency, owner_id=UUID(int=1000 + number)
    )


def changed(book: Iterable[Booked], of: UUID) -> int:
    """What the transfers did to an account on its debit side, in cents."""
    return sum(each.cents * ((each.debit == of) - (each.credit == of)) for each in book)


def random_book(seed: int, days: list[date], length: int) -> list[Booked]:
    """Payments, fees and charges in two currencies; some effective on other days."""
    dice = Random(seed)
    book: list[Booked] = []
    moments = sorted(dice.sample(range(len(days) * 86_400), length))
    start = datetime.fromisoformat(f"{days[0]}T00:00:00-04:00").timestamp()
    for second in moments:
        at = datetime.fromtimestamp(start + second).astimezone()
        away = dice.choice([0, 0, 0, -1, -1, 2, 7, -12])
        effective = date.fromordinal(caracas_day(at).toordinal() + away)
        currency = dice.choice(["VES", "VES", "USD"])
        debit, credit = _legs(dice, currency)
        cents = dice.randint(1, 99_999)
        book.append(Booked(debit, credit, cents, at, effective, currency))
    return book


def _legs(dice: Random, currency: str) -> tuple[UUID, UUID]:
    transit, bank = account("1110", currency), account("1120", currency)
    return dice.choice(
        [
            (transit, patient(dice.randint(1, 5), currency)),
            (transit, account("2190", currency)),
            (bank, transit),
            (transit, account("4100", currency)),
            (account("5100", currency), bank),
            (account("4100", currency), transit),
        ]
    )
