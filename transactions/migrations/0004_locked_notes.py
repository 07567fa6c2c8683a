"""Put what people wrote into the history under keys that can be destroyed.

The rows refuse change, so their owner lifts the guard for this one migration.
"""

import django.db.models.deletion
from django.db import migrations, models

from audit.law import shredding

_GUARD = "ALTER TABLE transactions_transactionevent {} TRIGGER append_only_rows"


def lock_notes(apps, schema_editor):
    event = apps.get_model("transactions", "TransactionEvent")
    keys = apps.get_model("audit", "SubjectKey")
    schema_editor.execute(_GUARD.format("DISABLE"))
    subject, key = None, None
    noted = event.objects.exclude(note="").order_by("transaction_id")
    for each in noted.iterator():
        if each.transaction_id != subject:
            subject, key = each.transaction_id, shredding.new_key()
            keys.objects.create(id=key.pk, wrapped=key.wrapped)
        place = f"transactions.note {subject}"
        each.locked_note = shredding.lock(each.note, key=key, place=place)
        each.note, each.note_key_id = "", key.pk
        each.save(update_fields=["locked_note", "note", "note_key_id"])
    _guard_again(schema_editor)


def open_notes(apps, schema_editor):
    event = apps.get_model("transactions", "TransactionEvent")
    schema_editor.execute(_GUARD.format("DISABLE"))
    rows = event.objects.exclude(locked_note=None).select_related("note_key")
    for each in rows.iterator():
        place = f"transactions.note {each.transaction_id}"
        told = shredding.unlock(each.locked_note, key=each.note_key, place=place)
        each.note = told or ""
        each.save(update_fields=["note"])
    _guard_again(schema_editor)


def _guard_again(schema_editor):
    # What waits for the end of the transaction would forbid to alter the table.
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    schema_editor.execute(_GUARD.format("ENABLE ALWAYS"))


class Migration(migrations.Migration):
    dependencies = [
        ("transactions", "0003_versions"),
        ("audit", "0008_subject_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="transactionevent",
            name="locked_note",
            field=models.JSONField(null=True, verbose_name="note"),
        ),
        migrations.AddField(
            model_name="transactionevent",
            name="note_key",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="audit.subjectkey",
            ),
        ),
        migrations.RunPython(lock_notes, open_notes),
        migrations.RemoveField(model_name="transactionevent", name="note"),
    ]
