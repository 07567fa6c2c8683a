"""Posting is the owner's; whoever calls it need not be able to write the books."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = """
DROP TRIGGER balance_begins_empty ON ledger_balance;
DROP FUNCTION ledger_begin_empty();
DROP FUNCTION ledger_recount(uuid[]);
ALTER FUNCTION ledger_end_hold SECURITY INVOKER RESET search_path;
ALTER FUNCTION ledger_reserve SECURITY INVOKER RESET search_path;
ALTER FUNCTION ledger_post SECURITY INVOKER RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0009_closed_accounts")]

    operations = [migrations.RunSQL(SQL, UNDO)]
