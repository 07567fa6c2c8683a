"""Open the opening account and the income from services in every currency."""

from django.db import migrations

from ledger.amounts import MINOR_DIGITS
from ledger.chart import ADDED, SIDE, account_id, code_of


def open_lines(apps, schema_editor):
    Account = apps.get_model("ledger", "Account")
    Balance = apps.get_model("ledger", "Balance")
    for currency in MINOR_DIGITS:
        for line in ADDED:
            code = code_of(line.number, currency)
            facts = {
                "code": code,
                "name": line.name,
                "kind": line.kind.value,
                "currency": currency,
            }
            account, _ = Account.objects.get_or_create(
                id=account_id(code), defaults=facts
            )
            facts = {"side": SIDE[line.kind], "currency": currency}
            Balance.objects.get_or_create(account=account, defaults=facts)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_equity")]

    operations = [migrations.RunPython(open_lines, migrations.RunPython.noop)]
