"""What an account was opened with stays, as all else of it but its name."""

from django.db import migrations, models
from django.db.models import Value

_KEPT = """
CREATE OR REPLACE TRIGGER append_only_rows BEFORE DELETE OR UPDATE OF
    id, code, kind, currency, owner_type, owner_id, parent_id, floor_rule, is_heading,
    opened_at%s ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER append_only_rows;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0016_owners")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="metadata",
            field=models.JSONField(
                db_default=Value({}, models.JSONField()),
                default=dict,
                verbose_name="metadata",
            ),
        ),
        migrations.RunSQL(_KEPT % ", metadata", _KEPT % ""),
    ]
