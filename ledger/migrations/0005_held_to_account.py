"""Read what is there, without halting who posts; then the old function goes.

Programs of before post no more from here on; what they would have posted is asked for
again by the sweep. Not atomic: each step ends its own transaction and its locks, and
may be run again if it is cut off.
"""

from importlib import import_module

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

before = import_module("ledger.migrations.0002_books_in_the_database")
OLD = before.SQL
OLD_FUNCTION = OLD[
    OLD.index("CREATE FUNCTION ledger_post_batch") : OLD.index("-- The number of")
]
DROP_OLD = """
DROP FUNCTION IF EXISTS ledger_post_batch(
    uuid[], uuid[], int[], int[], int[], bigint[], text[], text[], date[], text[],
    text[], jsonb[], boolean[]
)
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("ledger", "0004_holds_reversals_and_closed_months")]

    operations = [
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                fields=["reverses"],
                name="transfer_reverses",
                condition=Q(reverses__isnull=False),
            ),
        ),
        ValidateConstraint("balance", "balance_free_not_below_floor"),
        ValidateConstraint("balance", "balance_held_not_negative"),
        # What is free is not below the floor, so neither is what there is.
        migrations.RemoveConstraint("balance", "balance_not_below_floor"),
        migrations.RunSQL(DROP_OLD, OLD_FUNCTION),
    ]
