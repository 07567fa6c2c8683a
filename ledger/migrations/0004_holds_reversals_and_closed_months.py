"""What is new stands beside what is there: old programs go on posting meanwhile.

Nothing here reads or rewrites the transfers; 0005 does what must read them.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Now

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
UNDO = """
DROP FUNCTION ledger_end_hold(uuid, text, timestamptz, uuid, bigint);
DROP FUNCTION ledger_reserve(
    uuid, uuid, uuid, bigint, text, text, date, text, text, timestamptz
);
DROP FUNCTION ledger_post(
    uuid[], uuid[], int[], int[], bigint[], int[], text[], text[], date[], text[],
    text[], jsonb[], int[], boolean[], uuid[]
);
DROP FUNCTION ledger_lock(uuid[]);
"""


def account(**more):
    return models.ForeignKey(
        "ledger.account",
        django.db.models.deletion.PROTECT,
        related_name="+",
        **more,
    )


def person(**more):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        django.db.models.deletion.PROTECT,
        related_name="+",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_chart"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Closing",
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
                ("month", models.DateField(verbose_name="month")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("closed", "Closed"),
                            ("asked", "Reopening asked for"),
                            ("reopened", "Reopened"),
                        ],
                        max_length=8,
                        verbose_name="what happened",
                    ),
                ),
                ("until", models.DateField(verbose_name="closed until")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("by", person(verbose_name="by")),
                ("approved_by", person(null=True, verbose_name="approved by")),
            ],
            options={
                "verbose_name": "closing of a month",
                "verbose_name_plural": "closings of months",
                "ordering": ("-id",),
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(month__day=1), name="closing_of_a_whole_month"
                    ),
                    models.CheckConstraint(
                        condition=Q(kind__in=("closed", "asked"), approved_by=None)
                        | Q(kind="reopened", approved_by__isnull=False),
                        name="closing_reopened_when_approved",
                    ),
                    models.CheckConstraint(
                        condition=~Q(approved_by=F("by")) | Q(approved_by=None),
                        name="closing_reopened_by_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField(verbose_name="amount")),
                ("code", models.CharField(max_length=32, verbose_name="code")),
                ("effective", models.DateField(verbose_name="effective")),
                ("cause_type", models.CharField(max_length=32, verbose_name="cause")),
                ("cause_id", models.CharField(max_length=64, verbose_name="cause")),
                (
                    "expires_at",
                    models.DateTimeField(db_index=True, verbose_name="expires"),
                ),
                ("at", models.DateTimeField(db_default=Now(), verbose_name="held")),
                ("debit", account(verbose_name="debit")),
                ("credit", account(verbose_name="credit")),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(amount__gt=0), name="hold_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=~Q(debit=F("credit")),
                        name="hold_between_two_accounts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldEnd",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="end",
                        serialize=False,
                        to="ledger.hold",
                        verbose_name="hold",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("posted", "Posted"),
                            ("voided", "Released"),
                            ("expired", "Expired"),
                        ],
                        max_length=7,
                        verbose_name="end",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.transfer",
                        verbose_name="transfer",
                    ),
                ),
                ("at", models.DateTimeField(db_default=Now(), verbose_name="ended")),
            ],
            options={
                "verbose_name": "end of a hold",
                "verbose_name_plural": "ends of holds",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(kind="posted", transfer__isnull=False)
                        | Q(kind__in=("voided", "expired"), transfer=None),
                        name="hold_end_posted_has_transfer",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="balance",
            name="held",
            field=models.BigIntegerField(db_default=0),
        ),
        AddConstraintNotValid(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=Q(floor=None) | Q(amount__gte=F("floor") + F("held")),
                name="balance_free_not_below_floor",
            ),
        ),
        AddConstraintNotValid(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=Q(held__gte=0), name="balance_held_not_negative"
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="reverses",
            field=models.UUIDField(null=True, verbose_name="reverses"),
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
