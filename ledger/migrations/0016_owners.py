"""Open the headings of bank accounts and of funds in every currency."""

from django.db import migrations, models

from ledger.amounts import MINOR_DIGITS
from ledger.chart import OWNED, account_id, code_of


def open_headings(apps, schema_editor):
    Account = apps.get_model("ledger", "Account")
    for currency in MINOR_DIGITS:
        for line in OWNED:
            code = code_of(line.number, currency)
            facts = {
                "code": code,
                "name": line.name,
                "kind": line.kind.value,
                "currency": currency,
                "is_heading": True,
            }
            # Going back leaves what was opened, so going forth again may find it.
            Account.objects.get_or_create(id=account_id(code), defaults=facts)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0015_proofs_keep_findings")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="owner_type",
            field=models.CharField(
                choices=[
                    ("clinic", "The clinic"),
                    ("customer", "A customer"),
                    ("bank_account", "A bank account"),
                    ("fund", "A fund"),
                ],
                default="clinic",
                max_length=16,
                verbose_name="owner type",
            ),
        ),
        migrations.RunPython(open_headings, migrations.RunPython.noop),
    ]
