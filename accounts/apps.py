from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LibraryAccount(AppConfig):
    """allauth.account: its second factors import its models, so they must exist.

    Nothing of it runs: no address, no middleware, no row in its tables.
    """

    name = "allauth.account"
    default = False
    default_auto_field = "django.db.models.AutoField"  # as its own migrations say


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and permissions")

    def ready(self) -> None:
        # They register themselves, and need the models.
        from accounts import checks, machines, sessions  # noqa: F401, PLC0415
        from accounts.api import schema  # noqa: F401, PLC0415
