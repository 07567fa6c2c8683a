"""A kind of account for what the books open with: neither owed nor earned."""

from django.db import migrations, models

KINDS = [
    ("asset", "Asset"),
    ("liability", "Liability"),
    ("income", "Income"),
    ("expense", "Expense"),
    ("equity", "Equity"),
]
KNOWN = """
ALTER TABLE ledger_account DROP CONSTRAINT account_kind_known, ADD CONSTRAINT
account_kind_known CHECK (kind IN ('asset', 'liability', 'income', 'expense', 'equity'))
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_reading_by_day")]

    operations = [
        # Going back leaves what was opened, as in 0003; so the kind stays known too.
        migrations.RunSQL(
            KNOWN,
            migrations.RunSQL.noop,
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="account", name="account_kind_known"
                ),
                migrations.AlterField(
                    model_name="account",
                    name="kind",
                    field=models.CharField(
                        choices=KINDS, max_length=9, verbose_name="kind"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="account",
                    constraint=models.CheckConstraint(
                        condition=models.Q(kind__in=[kind for kind, _ in KINDS]),
                        name="account_kind_known",
                    ),
                ),
            ],
        )
    ]
