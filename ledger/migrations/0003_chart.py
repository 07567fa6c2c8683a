"""Open the accounts of the chart in every currency."""

from django.db import migrations

from ledger.amounts import MINOR_DIGITS
from ledger.chart import CHART, SIDE, Floor, account_id, code_of


def open_chart(apps, schema_editor):
    Account = apps.get_model("ledger", "Account")
    Balance = apps.get_model("ledger", "Balance")
    for currency in MINOR_DIGITS:
        for line in CHART:
            code = code_of(line.number, currency)
            facts = {
                "code": code,
                "name": line.name,
                "kind": line.kind.value,
                "currency": currency,
                "owner_type": "clinic",
                "floor_rule": line.floor.value,
                "is_heading": line.is_heading,
            }
            # Going back leaves what was opened, so going forth again may find it.
            account, _ = Account.objects.get_or_create(
                id=account_id(code), defaults=facts
            )
            if not line.is_heading:
                facts = {
                    "floor": 0 if line.floor is Floor.ZERO else None,
                    "side": SIDE[line.kind],
                    "currency": currency,
                }
                Balance.objects.get_or_create(account=account, defaults=facts)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_books_in_the_database")]

    operations = [migrations.RunPython(open_chart, migrations.RunPython.noop)]
