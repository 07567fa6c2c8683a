from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from accounts.models import SYSTEM_ID
from accounts.roles import LABELS, MATRIX, STAFF
from areamedica.permissions import Permission


def write_matrix(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    rows = apps.get_model("accounts", "Permission")
    roles = apps.get_model("accounts", "Role")
    for permission in Permission:
        rows.objects.get_or_create(
            name=permission.value,
            defaults={"description": str(permission.label)},
        )
    for name, permissions in MATRIX.items():
        role, _ = roles.objects.get_or_create(
            name=name,
            defaults={"label": LABELS[name], "is_staff": name in STAFF},
        )
        role.permissions.set(rows.objects.filter(name__in=permissions))


def make_system(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The author of automatic changes; it has no password and cannot sign in."""
    apps.get_model("accounts", "User").objects.get_or_create(
        pk=SYSTEM_ID,
        defaults={
            "email": "system@areamedica.invalid",
            "full_name": "Sistema",
            "password": "!",
            "is_active": False,
            "role": apps.get_model("accounts", "Role").objects.get(name="user"),
        },
    )


def nothing(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Rows of the matrix go with their tables."""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunPython(write_matrix, nothing),
        migrations.RunPython(make_system, nothing),
    ]
