from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_sealing"),
    ]

    operations = [
        migrations.AddField(
            model_name="record",
            name="mac",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="record",
            name="version",
            field=models.IntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="record",
            name="via",
            field=models.CharField(db_default="", editable=False, max_length=8),
        ),
        migrations.AddConstraint(
            model_name="record",
            constraint=models.UniqueConstraint(
                condition=models.Q(("version__isnull", False)),
                fields=("subject_type", "subject_id", "version"),
                name="record_version_once",
            ),
        ),
    ]
