from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        # It needs the models; from here on the journal has a reader.
        from notifications.services import news  # noqa: F401, PLC0415
