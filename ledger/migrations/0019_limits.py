"""What an account may be overdrawn by, and the most that may be on it."""

import re
from pathlib import Path

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q

HERE = Path(__file__)
SQL = HERE.with_suffix(".sql").read_text(encoding="utf-8")
_DOORS = HERE.with_name("0013_doors.sql").read_text(encoding="utf-8")
_JUDGED = HERE.with_name("0004_holds_reversals_and_closed_months.sql").read_text(
    encoding="utf-8"
)
_KEPT = """
CREATE OR REPLACE TRIGGER append_only_rows BEFORE DELETE OR UPDATE OF
    id, code, kind, currency, owner_type, owner_id, parent_id, floor_rule, is_heading,
    opened_at, metadata%s ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER append_only_rows;
"""


def _function(text: str, name: str) -> str:
    """How it was made before, to be made so again."""
    [found] = re.findall(rf"CREATE FUNCTION {name}\(.*?\n\$\$;\n", text, re.DOTALL)
    return str(found).replace("CREATE", "CREATE OR REPLACE", 1)


UNDO = f"""
{_function(_DOORS, "ledger_book_one")}
{_function(_DOORS, "ledger_book_all")}
{_function(_DOORS, "ledger_post")}
DROP FUNCTION ledger_counts_from_one;
{_function(_JUDGED, "ledger_post").replace("ledger_post", "ledger_judge", 1)}
{_function(_JUDGED, "ledger_end_hold")}
ALTER FUNCTION ledger_end_hold SECURITY DEFINER SET search_path = public, pg_temp;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0018_forget_wrong_cells")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="overdraft",
            field=models.BigIntegerField(
                db_default=0, default=0, verbose_name="overdraft"
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="ceiling",
            field=models.BigIntegerField(null=True, verbose_name="ceiling"),
        ),
        migrations.AddField(
            model_name="balance",
            name="ceiling",
            field=models.BigIntegerField(null=True),
        ),
        # Validated by the next one, which stops nobody from posting.
        AddConstraintNotValid(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=Q(ceiling=None) | Q(amount__lte=F("ceiling")),
                name="balance_not_above_ceiling",
            ),
        ),
        migrations.RunSQL(_KEPT % ", overdraft, ceiling", _KEPT % ""),
        migrations.RunSQL(SQL, UNDO),
    ]
