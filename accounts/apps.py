from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and permissions")

    def ready(self) -> None:
        # They register themselves, and need the models.
        from accounts import checks, machines, sessions  # noqa: F401, PLC0415
        from accounts.api import schema  # noqa: F401, PLC0415
