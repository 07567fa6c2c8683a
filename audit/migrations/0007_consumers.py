import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0006_cosignatures"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consumer",
            fields=[
                (
                    "name",
                    models.CharField(max_length=32, primary_key=True, serialize=False),
                ),
                ("position", models.BigIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="HeldEvent",
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
                ("leaf", models.BigIntegerField()),
                ("subject_type", models.CharField(blank=True, max_length=32)),
                ("subject_id", models.CharField(blank=True, max_length=64)),
                (
                    "held_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now()
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=100)),
                (
                    "consumer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="audit.consumer"
                    ),
                ),
            ],
            options={
                "ordering": ("leaf",),
                "indexes": [
                    models.Index(
                        fields=["consumer", "subject_type", "subject_id", "leaf"],
                        name="held_of_subject",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("consumer", "leaf"), name="event_held_once"
                    )
                ],
            },
        ),
    ]
