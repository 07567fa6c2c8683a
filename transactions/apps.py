from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransactionsConfig(AppConfig):
    name = "transactions"
    verbose_name = _("Transactions")

    def ready(self) -> None:
        from audit.evidence import words  # noqa: PLC0415 (as the next)
        from audit.replay import register  # noqa: PLC0415 (as the next)
        from ledger.services.proof import also_ask  # noqa: PLC0415 (as the next)
        from transactions import checks  # noqa: F401, PLC0415 (needs the settings)
        from transactions.books import CAUSE  # noqa: PLC0415 (needs the models)
        from transactions.replay import TRANSACTIONS  # noqa: PLC0415 (needs the models)
        from transactions.services import books  # noqa: PLC0415 (needs the models)
        from transactions.states import Reason, State, Type  # noqa: PLC0415 (as above)

        also_ask(CAUSE, books.disagreements)
        register(TRANSACTIONS)
        for codes in (State, Reason, Type):
            words.learn(codes)
