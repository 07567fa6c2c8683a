from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_NEW = {
    "ledger:close": "Close and reopen months of the books",
    "webhook:manage": "Manage the addresses that get our news",
    "privacy:manage": "Erase personal data and prune the journal",
}
_BOOKKEEPER = (
    "transaction:read",
    "transaction:export",
    "ledger:read",
    "ledger:post",
    "ledger:close",
)


def add(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """What a new installation was given by 0002 is there already."""
    permissions = apps.get_model("accounts", "Permission").objects
    roles = apps.get_model("accounts", "Role").objects
    for name, says in _NEW.items():
        permissions.get_or_create(name=name, defaults={"description": says})
    roles.get(name="admin").permissions.add(*permissions.filter(name__in=_NEW))
    role, is_new = roles.get_or_create(
        name="bookkeeper", defaults={"label": "Contador", "is_staff": True}
    )
    if is_new:
        role.permissions.set(permissions.filter(name__in=_BOOKKEEPER))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_letters")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
