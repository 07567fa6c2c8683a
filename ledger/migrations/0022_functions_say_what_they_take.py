"""What the functions that write the books take, lock and tell, kept beside them."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = """
COMMENT ON FUNCTION ledger_judge IS NULL;
COMMENT ON FUNCTION ledger_post IS NULL;
COMMENT ON FUNCTION ledger_book_one IS NULL;
COMMENT ON FUNCTION ledger_book_all IS NULL;
COMMENT ON FUNCTION ledger_reserve IS NULL;
COMMENT ON FUNCTION ledger_end_hold IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_limits_hold")]

    operations = [migrations.RunSQL(SQL, UNDO)]
