"""Doors for what nothing stands against, one transfer or a batch; and who looks at what
is handed in where it is judged."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__)
SQL = HERE.with_suffix(".sql").read_text(encoding="utf-8")
BEFORE = HERE.with_name("0012_one_transfer.sql").read_text(encoding="utf-8")
UNDO = f"""
DROP FUNCTION ledger_book_all, ledger_book_one, ledger_post, ledger_post_one;
ALTER FUNCTION ledger_judge RENAME TO ledger_post;
ALTER FUNCTION ledger_post SECURITY DEFINER;
{BEFORE}
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_one_transfer")]

    operations = [migrations.RunSQL(SQL, UNDO)]
