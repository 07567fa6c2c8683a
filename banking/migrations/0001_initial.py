"""The questions to the bank, and what all processes agree on before asking."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AskBudget',
            fields=[
                ('subject', models.UUIDField(primary_key=True, serialize=False, verbose_name='transaction')),
                ('asked_at', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None, verbose_name='asked at')),
            ],
            options={
                'verbose_name': 'budget of questions',
                'verbose_name_plural': 'budgets of questions',
            },
        ),
        migrations.CreateModel(
            name='BankQuestion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('subject', models.UUIDField(verbose_name='transaction')),
                ('bank', models.CharField(max_length=20, verbose_name='bank')),
                ('modality', models.CharField(choices=[('MOBILE_PAYMENT', 'Pago móvil'), ('INTERNAL_TRANSFER', 'Transfer within the bank'), ('INTERBANK_TRANSFER', 'Transfer from another bank')], max_length=20, verbose_name='modality')),
                ('shape', models.CharField(max_length=40, verbose_name='shape')),
                ('patience', models.CharField(choices=[('QUICK', 'A cashier waits'), ('WORKER', 'A worker waits')], max_length=10, verbose_name='patience')),
                ('request', models.JSONField(verbose_name='question, masked')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='asked at')),
                ('http_status', models.PositiveSmallIntegerField(null=True, verbose_name='HTTP status')),
                ('code', models.CharField(blank=True, max_length=40, verbose_name='code')),
                ('outcome', models.CharField(choices=[('ASKED', 'Asked, no answer yet'), ('FOUND', 'Found'), ('MISSING', 'Not seen yet'), ('MALFORMED', 'The bank refuses the question'), ('DOWN', 'The bank is down'), ('TIMEOUT', 'The bank did not answer in time'), ('MAINTENANCE', 'Maintenance at the bank'), ('RATE_LIMITED', 'The bank asks us to slow down'), ('CREDENTIALS', 'The bank refuses our credentials'), ('MISCONFIGURED', "The bank's address is wrong"), ('UNREADABLE', 'The answer cannot be read')], default='ASKED', max_length=20, verbose_name='outcome')),
                ('latency_ms', models.PositiveIntegerField(null=True, verbose_name='latency in ms')),
                ('answer', models.TextField(blank=True, verbose_name='raw answer')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'question to the bank',
                'verbose_name_plural': 'questions to the bank',
                'indexes': [models.Index(fields=['subject', 'asked_at'], name='bank_question_subject'), models.Index(fields=['outcome', 'asked_at'], name='bank_question_outcome'), models.Index(condition=models.Q(('outcome', 'FOUND')), fields=['bank', 'modality', '-asked_at'], name='bank_question_matches')],
                'constraints': [models.CheckConstraint(condition=models.Q(('outcome__in', ['ASKED', 'FOUND', 'MISSING', 'MALFORMED', 'DOWN', 'TIMEOUT', 'MAINTENANCE', 'RATE_LIMITED', 'CREDENTIALS', 'MISCONFIGURED', 'UNREADABLE'])), name='bank_question_outcome_known'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('outcome', 'ASKED')), models.Q(models.Q(('outcome', 'ASKED'), _negated=True), ('finished_at__isnull', False)), _connector='OR'), name='bank_question_finished_with_outcome')],
            },
        ),
        migrations.CreateModel(
            name='Circuit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bank', models.CharField(max_length=20, unique=True, verbose_name='bank')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                ('openings', models.PositiveIntegerField(default=0, verbose_name='openings in a row')),
                ('opened_at', models.DateTimeField(null=True, verbose_name='opened at')),
                ('retry_at', models.DateTimeField(null=True, verbose_name='to be asked again at')),
                ('reason', models.CharField(blank=True, choices=[('DOWN', 'The bank is down'), ('TIMEOUT', 'The bank did not answer in time'), ('MAINTENANCE', 'Maintenance at the bank'), ('RATE_LIMITED', 'The bank asks us to slow down'), ('CREDENTIALS', 'The bank refuses our credentials'), ('MISCONFIGURED', "The bank's address is wrong"), ('UNREADABLE', 'The answer cannot be read')], max_length=20, verbose_name='reason')),
                ('prober', models.UUIDField(null=True, verbose_name='prober')),
                ('probing_until', models.DateTimeField(null=True, verbose_name='probed until')),
            ],
            options={
                'verbose_name': 'bank circuit',
                'verbose_name_plural': 'bank circuits',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('opened_at', None), ('reason', ''), ('retry_at', None)), models.Q(('opened_at__isnull', False), ('retry_at__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='circuit_open_has_reason'), models.CheckConstraint(condition=models.Q(models.Q(('prober', None), ('probing_until', None)), models.Q(('prober__isnull', False), ('probing_until__isnull', False)), _connector='OR'), name='circuit_probe_has_lease')],
            },
        ),
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bank', models.CharField(max_length=20, verbose_name='bank')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('holder', models.UUIDField(null=True, verbose_name='holder')),
                ('leased_until', models.DateTimeField(null=True, verbose_name='leased until')),
            ],
            options={
                'verbose_name': 'simultaneous question',
                'verbose_name_plural': 'simultaneous questions',
                'constraints': [models.UniqueConstraint(fields=('bank', 'number'), name='slot_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('holder', None), ('leased_until', None)), models.Q(('holder__isnull', False), ('leased_until__isnull', False)), _connector='OR'), name='slot_lease_has_holder')],
            },
        ),
    ]
