import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
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
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                (
                    "event_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        size=None,
                        verbose_name="event types",
                    ),
                ),
                (
                    "disabled_why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by_hand", "Disabled by hand"),
                            ("gone", "The receiver answered that it is gone (410)"),
                            ("failing", "It took nothing for three days"),
                        ],
                        max_length=16,
                        verbose_name="disabled",
                    ),
                ),
                (
                    "failing_since",
                    models.DateTimeField(null=True, verbose_name="failing since"),
                ),
                ("secret", models.TextField(editable=False)),
                ("old_secret", models.TextField(blank=True, editable=False)),
                ("old_secret_until", models.DateTimeField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="created",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "ordering": ("created_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Delivery",
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
                ("leaf", models.BigIntegerField(null=True)),
                ("event_id", models.CharField(max_length=64, verbose_name="event")),
                ("type", models.CharField(max_length=40, verbose_name="type")),
                (
                    "subject_id",
                    models.CharField(blank=True, max_length=64, verbose_name="subject"),
                ),
                ("body", models.TextField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="created",
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="next attempt",
                    ),
                ),
                ("leased_until", models.DateTimeField(null=True)),
                ("give_up_at", models.DateTimeField()),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, verbose_name="attempts"),
                ),
                (
                    "last_status",
                    models.PositiveSmallIntegerField(
                        null=True, verbose_name="last answer"
                    ),
                ),
                (
                    "last_error",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="last error"
                    ),
                ),
                (
                    "delivered_at",
                    models.DateTimeField(null=True, verbose_name="delivered"),
                ),
                ("dead_at", models.DateTimeField(null=True, verbose_name="given up")),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.endpoint",
                        verbose_name="webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("dead_at", None), ("delivered_at", None)),
                        fields=["due_at"],
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("dead_at", None), ("delivered_at", None)),
                        fields=["endpoint", "subject_id", "id"],
                        name="delivery_order",
                    ),
                    models.Index(
                        fields=["endpoint", "-id"], name="delivery_of_endpoint"
                    ),
                    models.Index(
                        condition=models.Q(("dead_at__isnull", False)),
                        fields=["dead_at"],
                        name="delivery_dead",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("endpoint", "leaf"), name="event_told_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("delivered_at", None), ("dead_at", None), _connector="OR"
                        ),
                        name="delivery_not_dead_and_delivered",
                    ),
                ],
            },
        ),
    ]
