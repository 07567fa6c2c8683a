from pathlib import Path

import django.db.models.functions.datetime
from django.db import migrations, models

import audit.models

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_actions_by_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("epoch", models.SmallIntegerField()),
                ("xid", audit.models.Xid()),
                ("record_id", models.BigIntegerField()),
                ("note", models.TextField()),
            ],
            options={
                "ordering": ("size",),
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("record_id", models.BigIntegerField(unique=True)),
                ("entry", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Tile",
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
                ("level", models.SmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
                ("root", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
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
                ("since", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("findings", models.TextField()),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.AddField(
            model_name="record",
            name="epoch",
            field=models.SmallIntegerField(db_default=0, editable=False),
        ),
        migrations.AddField(
            model_name="record",
            name="xid",
            field=audit.models.Xid(
                db_default=audit.models.CurrentXid(), editable=False
            ),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["epoch", "xid", "id"], name="record_order"),
        ),
        migrations.AddConstraint(
            model_name="tile",
            constraint=models.UniqueConstraint(
                fields=("level", "number"), name="tile_once"
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(fields=["since", "at"], name="verification_at"),
        ),
        # The tables go with their triggers; there is nothing to undo.
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
