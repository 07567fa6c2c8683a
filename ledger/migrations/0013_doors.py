"""Doors for what nothing stands against, one transfer or a batch; and who looks at what
is handed in where it is judged."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = """
DROP FUNCTION ledger_book_all, ledger_book_one, ledger_post;
ALTER FUNCTION ledger_judge RENAME TO ledger_post;
ALTER FUNCTION ledger_post SECURITY DEFINER;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_one_transfer")]

    operations = [migrations.RunSQL(SQL, UNDO)]
