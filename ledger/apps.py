from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = _("Books")

    def ready(self) -> None:
        from audit.replay import register  # noqa: PLC0415 (as the next)
        from ledger import checks  # noqa: F401, PLC0415 (registers itself)
        from ledger.replay import BALANCES  # noqa: PLC0415 (needs the models)

        register(BALANCES)
