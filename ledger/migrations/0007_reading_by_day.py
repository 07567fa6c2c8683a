"""What reading by effective day, and at a past moment, walks along.

Most transfers take effect on the day they are booked; only the others are in the first
index, so posting pays for those alone. The second has one entry for many pages.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
NOOP = migrations.RunSQL.noop
BOOKED = "(at AT TIME ZONE 'America/Caracas')::date"
OFF_ITS_DAY = f"""
CREATE INDEX CONCURRENTLY transfer_off_its_day ON ledger_transfer
 USING gist (daterange(least(effective, {BOOKED}), greatest(effective, {BOOKED})))
 WHERE effective <> {BOOKED}
"""
BY_TIME = """
CREATE INDEX CONCURRENTLY transfer_by_time ON ledger_transfer
 USING brin (at) WITH (autosummarize = on)
"""


def build(name, create):
    """Beside the postings that go on; what a broken try has left is built anew."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return [migrations.RunSQL(drop, NOOP), migrations.RunSQL(create, drop)]


class Migration(migrations.Migration):
    # An index built beside postings needs transactions of its own.
    atomic = False

    dependencies = [("ledger", "0005_held_to_account")]

    operations = [
        migrations.RunSQL(SQL, "DROP FUNCTION ledger_lies_between"),
        migrations.RunSQL("SET statement_timeout = 0", NOOP),
        *build("transfer_off_its_day", OFF_ITS_DAY),
        *build("transfer_by_time", BY_TIME),
        migrations.RunSQL("RESET statement_timeout", NOOP),
    ]
