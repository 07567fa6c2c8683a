"""Each index costs every record: one goes, and one becomes next to nothing.

One finds the records of a subject and numbers them once; there were two. NULLs are
distinct, so records without a number do not exclude each other. Moments grow with the
table: a summary for every megabyte of it finds a day.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models

_BUILT = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS record_of_subject_once
    ON audit_record (subject_id, subject_type, version)
"""
_TAKEN = """
ALTER TABLE audit_record ADD CONSTRAINT record_of_subject_once
    UNIQUE USING INDEX record_of_subject_once
"""
_BEFORE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS record_version_once
    ON audit_record (subject_type, subject_id, version) WHERE version IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("audit", "0009_causes")]
    operations: ClassVar = [
        migrations.RunSQL(_BUILT, migrations.RunSQL.noop),
        migrations.RunSQL(
            _TAKEN,
            "ALTER TABLE audit_record DROP CONSTRAINT record_of_subject_once",
            state_operations=[
                migrations.AddConstraint(
                    model_name="record",
                    constraint=models.UniqueConstraint(
                        fields=["subject_id", "subject_type", "version"],
                        name="record_of_subject_once",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS record_version_once",
            _BEFORE,
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="record", name="record_version_once"
                ),
            ],
        ),
        RemoveIndexConcurrently(model_name="record", name="record_subject"),
        AddIndexConcurrently(
            model_name="record",
            index=BrinIndex(fields=["at"], name="record_day", autosummarize=True),
        ),
        RemoveIndexConcurrently(model_name="record", name="record_at"),
    ]
