"""Forget what stood in the wrong rows of files that were never booked."""

from django.db import migrations

# Line, fault and column are kept; a cell may hold anybody's name (docs/privacy.md).
FORGET = """
UPDATE ledger_import
   SET preview = jsonb_set(preview, '{wrongs}', (
       SELECT coalesce(jsonb_agg(wrong || '{"cell": ""}' ORDER BY place), '[]')
         FROM jsonb_array_elements(preview -> 'wrongs')
              WITH ORDINALITY AS listed(wrong, place)))
 WHERE state = 'faulty' AND preview ? 'wrongs';
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0017_account_metadata")]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
