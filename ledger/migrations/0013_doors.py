"""A door for batches, too; and that for one transfer tells when it was booked."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__)
SQL = HERE.with_suffix(".sql").read_text(encoding="utf-8")
BEFORE = HERE.with_name("0012_one_transfer.sql").read_text(encoding="utf-8")
UNDO = f"DROP FUNCTION ledger_post_all, ledger_post_one; {BEFORE}"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_one_transfer")]

    operations = [migrations.RunSQL(SQL, UNDO)]
