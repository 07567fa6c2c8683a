from django.db import migrations, models

import audit.actions


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.AlterField(
            model_name="record",
            name="action",
            field=models.CharField(
                choices=audit.actions.every_action,
                max_length=64,
                verbose_name="action",
            ),
        ),
    ]
