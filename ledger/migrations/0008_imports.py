"""Files of transfers on their way into the books."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0008_opening_and_services"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("file_name", models.CharField(max_length=120, verbose_name="file")),
                (
                    "digest",
                    models.CharField(max_length=64, verbose_name="SHA-256 of the file"),
                ),
                ("content", models.BinaryField(default=b"")),
                (
                    "decimal_mark",
                    models.CharField(max_length=1, verbose_name="decimal mark"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("faulty", "Has errors"),
                            ("ready", "To be confirmed"),
                            ("confirmed", "Being booked"),
                            ("booked", "In the books"),
                            ("failed", "Not booked"),
                            ("discarded", "Discarded"),
                        ],
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                ("preview", models.JSONField(default=dict)),
                ("rows_total", models.IntegerField(verbose_name="rows")),
                ("rows_done", models.IntegerField(default=0)),
                ("rows_booked", models.IntegerField(default=0, verbose_name="booked")),
                ("attempts", models.IntegerField(default=0)),
                ("failure", models.JSONField(default=dict)),
                (
                    "uploaded_at",
                    models.DateTimeField(db_default=Now(), verbose_name="uploaded"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "import into the books",
                "verbose_name_plural": "imports into the books",
                "ordering": ("-uploaded_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            state__in=[
                                "faulty",
                                "ready",
                                "confirmed",
                                "booked",
                                "failed",
                                "discarded",
                            ]
                        ),
                        name="import_state_known",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="confirmed")
                        | models.Q(confirmed_by__isnull=False),
                        name="import_confirmed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["ready", "confirmed"])
                        | models.Q(content=b""),
                        name="import_content_goes_at_its_end",
                    ),
                ],
            },
        ),
    ]
