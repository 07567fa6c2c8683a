"""A month is closed until its last day, and none that nobody means."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = """
ALTER TABLE ledger_closing DROP CONSTRAINT closing_until_the_month_ends,
                           DROP CONSTRAINT closing_within_reach;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0022_functions_say_what_they_take")]

    operations = [migrations.RunSQL(SQL, UNDO)]
