from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0014_moments_of_its_own")]

    operations = [
        migrations.AddField(
            model_name="proof",
            name="findings",
            field=models.JSONField(db_default=[], verbose_name="findings"),
        ),
    ]
