"""A door for one transfer, which books in half the time what is in order."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = "DROP FUNCTION ledger_post_one"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_posting_as_owner")]

    operations = [migrations.RunSQL(SQL, UNDO)]
