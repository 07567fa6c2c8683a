from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0002_history_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="transaction",
            name="version",
            field=models.IntegerField(db_default=0, default=0, editable=False),
        ),
    ]
