"""What is judged of a transfer is what is written of it, wherever its arrays begin."""

import re
from pathlib import Path

from django.db import migrations

HERE = Path(__file__)
SQL = HERE.with_suffix(".sql").read_text(encoding="utf-8")


def _function(migration: str, name: str) -> str:
    """How it was made before, to be made so again."""
    text = HERE.with_name(migration).read_text(encoding="utf-8")
    [found] = re.findall(
        rf"CREATE (?:OR REPLACE )?(FUNCTION {name}\(.*?\n\$\$;\n)", text, re.DOTALL
    )
    return f"CREATE OR REPLACE {found}"


_BOOK_ALL = _function("0019_limits.sql", "ledger_book_all")
# Of the door for a batch nothing else changes, so its text is not written down again.
_LOOKS_FIRST = """
BEGIN
    IF ledger_counts_from_one(accounts, keys, debits, credits, amounts, subjects,
                              currencies, codes, effectives, cause_types, cause_ids,
                              metadatas) IS NOT TRUE
    THEN
        RAISE 'Each transfer is about something.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
"""
UNDO = f"""
{_BOOK_ALL}
{_function("0013_doors.sql", "ledger_post")}
DROP FUNCTION ledger_counts_from_one;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0022_functions_say_what_they_take")]

    operations = [
        migrations.RunSQL(SQL + _BOOK_ALL.replace("\nBEGIN\n", _LOOKS_FIRST, 1), UNDO)
    ]
