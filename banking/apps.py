from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BankingConfig(AppConfig):
    """The banks: what is asked of them, and how much they may be asked."""

    name = "banking"
    verbose_name = _("Banks")

    def ready(self) -> None:
        from banking import checks  # noqa: F401, PLC0415 (registers them)
