from pathlib import Path

import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_replay"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("witness", models.CharField(max_length=255)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                ("line", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["witness", "-size"], name="cosignature_last")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("size", "witness"), name="cosigned_once"
                    )
                ],
            },
        ),
        # The table goes with its triggers; there is nothing to undo.
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
