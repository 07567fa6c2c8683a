"""What reading by effective day, and at a past moment, walks along.

Most transfers take effect on the day they are booked; only the others are in the first
index, so posting pays for those alone. The second has one entry for many pages.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
BOOKED = "(at AT TIME ZONE 'America/Caracas')::date"


class Migration(migrations.Migration):
    # An index is built beside the postings that go on meanwhile.
    atomic = False

    dependencies = [("ledger", "0005_held_to_account")]

    operations = [
        migrations.RunSQL(SQL, "DROP FUNCTION ledger_lies_between"),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS transfer_off_its_day"
            f" ON ledger_transfer USING gist (daterange(least(effective, {BOOKED}),"
            f" greatest(effective, {BOOKED}))) WHERE effective <> {BOOKED}",
            "DROP INDEX CONCURRENTLY IF EXISTS transfer_off_its_day",
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS transfer_by_time"
            " ON ledger_transfer USING brin (at) WITH (autosummarize = on)",
            "DROP INDEX CONCURRENTLY IF EXISTS transfer_by_time",
        ),
    ]
