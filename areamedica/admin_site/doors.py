"""Every entry of the menu, and who sees it."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.back_office import can, is_superuser
from areamedica.permissions import Permission

P = Permission


@dataclass(frozen=True)
class Door:
    """One entry: its words, its icon, its address, and who may go in."""

    title: str | Promise
    icon: str
    route: str
    any_of: tuple[Permission, ...] = ()
    on_thumb_bar: bool = False
    superusers_only: bool = False

    def opens_for(self, request: HttpRequest) -> bool:
        if self.superusers_only:
            return is_superuser(request)
        return not self.any_of or can(request, *self.any_of)


GROUPS: tuple[tuple[str | Promise, tuple[Door, ...]], ...] = (
    (
        "",
        (
            Door(_("Home"), "home", "index", on_thumb_bar=True),
            Door(
                _("New inquiry"),
                "add_circle",
                "transactions_new",
                (P.TRANSACTION_CREATE,),
                on_thumb_bar=True,
            ),
            Door(
                _("Transactions"),
                "receipt_long",
                "transactions_transaction_changelist",
                (P.TRANSACTION_READ,),
                on_thumb_bar=True,
            ),
            Door(
                _("Review queue"),
                "rule",
                "transactions_queue",
                (P.TRANSACTION_REVIEW,),
                on_thumb_bar=True,
            ),
        ),
    ),
    (
        _("Bank"),
        (
            Door(_("State of the bank"), "monitor_heart", "bank", (P.BANK_MANAGE,)),
            Door(
                _("Questions to the bank"),
                "forum",
                "banking_bankquestion_changelist",
                (P.BANK_MANAGE,),
            ),
            Door(_("Dead letters"), "mail_off", "dead_letters", (P.BANK_MANAGE,)),
        ),
    ),
    (
        _("Books"),
        (
            Door(
                _("Books"),
                "account_balance",
                "books",
                (P.LEDGER_READ,),
                on_thumb_bar=True,
            ),
            Door(
                _("Accounts"),
                "list_alt",
                "ledger_account_changelist",
                (P.LEDGER_READ,),
            ),
            Door(_("Months"), "event_available", "months", (P.LEDGER_READ,)),
            Door(
                _("Files in and out"),
                "import_export",
                "ledger_import_changelist",
                (P.LEDGER_READ,),
            ),
        ),
    ),
    (
        _("Control"),
        (
            Door(
                _("Journal"),
                "history_edu",
                "audit_record_changelist",
                (P.AUDIT_READ,),
                on_thumb_bar=True,
            ),
            Door(
                _("Compliance report"),
                "fact_check",
                "audit_compliance",
                (P.AUDIT_READ,),
            ),
            Door(_("Retention"), "auto_delete", "retention", (P.PRIVACY_MANAGE,)),
            Door(_("Personal data"), "privacy_tip", "privacy", (P.PRIVACY_MANAGE,)),
            Door(_("People"), "group", "accounts_user_changelist", (P.USER_MANAGE,)),
            Door(
                _("Roles and permissions"), "shield_person", "roles", (P.USER_MANAGE,)
            ),
            Door(
                _("Webhooks"),
                "webhook",
                "notifications_endpoint_changelist",
                (P.WEBHOOK_MANAGE,),
            ),
            Door(
                _("Service clients"),
                "dns",
                "accounts_serviceclient_changelist",
                superusers_only=True,
            ),
        ),
    ),
)

# All that is open to whoever lacks the second factor that his role needs.
ENROLMENT = Door(_("My security"), "shield_lock", "my_security")

# Pages reached from a door without an entry of their own.
BELOW = {
    "books": ("books_trial", "books_sheet", "books_result"),
    "ledger_account_changelist": ("ledger_transfer_change",),
    "transactions_queue": ("transactions_review",),
    "accounts_user_changelist": ("user_new",),
    "ledger_import_changelist": ("import_new",),
    "notifications_endpoint_changelist": (
        "webhook_new",
        "webhook_rotate",
        "webhook_given_up",
    ),
    "accounts_serviceclient_changelist": (
        "client_new",
        "client_issue",
        "client_rotate",
    ),
}
