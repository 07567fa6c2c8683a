"""django-hordak: `bulk_create` of both its models in a batch, `transfer_to` for one.

It keeps no balances and checks no floor; its trigger sums the legs at the commit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import django
import environ
from django.conf import settings

settings.configure(
    DATABASES={"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])},
    INSTALLED_APPS=["django.contrib.contenttypes", "mptt", "hordak"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DEFAULT_CURRENCY="VES",
    CURRENCIES=["VES"],
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.transaction import atomic  # noqa: E402
from hordak.models import Account, Leg, Transaction  # noqa: E402
from moneyed import Money  # noqa: E402

from benchmarks.peers.orders import Wanted, obey  # noqa: E402

_ACCOUNTS: list[Account] = []


def open_accounts(number: int) -> None:
    # Its migrations stand beside ours, and print.
    call_command("migrate", verbosity=0, stdout=sys.stderr)
    _ACCOUNTS.extend(
        Account.objects.create(name=str(each), code=str(each), type="LI")
        for each in range(number)
    )


@atomic
def batch(wanted: Sequence[Wanted]) -> None:
    made = Transaction.objects.bulk_create([Transaction() for _ in wanted])
    Leg.objects.bulk_create(
        leg
        for transaction, each in zip(made, wanted, strict=True)
        for leg in _legs(transaction, each)
    )


def _legs(transaction: Transaction, wanted: Wanted) -> tuple[Leg, Leg]:
    money = Money(wanted.amount, "VES")
    debit, credit = _ACCOUNTS[wanted.debit], _ACCOUNTS[wanted.credit]
    return (
        Leg(transaction=transaction, account=debit, debit=money),
        Leg(transaction=transaction, account=credit, credit=money),
    )


def one(wanted: Sequence[Wanted]) -> None:
    [each] = wanted
    money = Money(each.amount, "VES")
    _ACCOUNTS[each.credit].transfer_to(_ACCOUNTS[each.debit], money)


if __name__ == "__main__":
    obey(open_accounts=open_accounts, batch=batch, one=one)
