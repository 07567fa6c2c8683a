from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = """
DROP FUNCTION ledger_seq_at(uuid, timestamptz);
DROP FUNCTION ledger_post_batch(
    uuid[], uuid[], int[], int[], int[], bigint[], text[], text[], date[], text[],
    text[], jsonb[], boolean[]
);
DROP VIEW ledger_entry;
ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_takes_effect_soon;
DROP TRIGGER append_only_rows ON ledger_transfer;
DROP TRIGGER append_only_table ON ledger_transfer;
DROP TRIGGER append_only_rows ON ledger_account;
DROP TRIGGER append_only_table ON ledger_account;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("audit", "0002_append_only")]

    operations = [migrations.RunSQL(SQL, UNDO)]
