from pathlib import Path

import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_writers_mac"),
    ]

    operations = [
        migrations.CreateModel(
            name="Replay",
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
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="at",
                    ),
                ),
                ("projection", models.CharField(max_length=32)),
                ("leaf", models.BigIntegerField()),
                ("events", models.BigIntegerField()),
                ("state_hash", models.CharField(max_length=64)),
                ("differences", models.TextField()),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Shadow",
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
                ("projection", models.CharField(max_length=32)),
                ("key", models.CharField(max_length=64)),
                ("state", models.JSONField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("projection", "key"), name="shadow_once"
                    )
                ],
            },
        ),
        # The table goes with its triggers; there is nothing to undo.
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
