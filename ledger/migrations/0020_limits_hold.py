"""No balance is above its ceiling."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0019_limits")]

    operations = [
        ValidateConstraint(model_name="balance", name="balance_not_above_ceiling"),
    ]
