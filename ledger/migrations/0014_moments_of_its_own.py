"""The books say themselves when something was, and count what they have waited for."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__)
SQL = HERE.with_suffix(".sql").read_text(encoding="utf-8")
BEFORE = HERE.with_name("0010_posting_as_owner.sql").read_text(encoding="utf-8")
UNDO = f"""
DROP TRIGGER closing_is_dated_here ON ledger_closing;
DROP FUNCTION ledger_date_closing();
DROP TRIGGER balance_begins_empty ON ledger_balance;
DROP FUNCTION ledger_begin_empty();
DROP FUNCTION ledger_recount(uuid[]);
{BEFORE}
CREATE FUNCTION ledger_post_one(
    transfer uuid, debit uuid, credit uuid, minor bigint, money text, kind text,
    day date, cause_kind text, cause text, about jsonb
) RETURNS boolean LANGUAGE sql AS $$
    SELECT ledger_book_one(transfer, debit, credit, minor, money, kind, day, cause_kind,
                           cause, about) IS NOT NULL
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_doors")]

    operations = [migrations.RunSQL(SQL, UNDO)]
