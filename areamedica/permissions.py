"""What can be done: the permission names on the wire, each in one place."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(models.TextChoices):
    """Who holds which is data: `accounts.Role` and `accounts.Grant`."""

    TRANSACTION_CREATE = "transaction:create", _("Record a transaction")
    TRANSACTION_READ = "transaction:read", _("See transactions")
    TRANSACTION_UPDATE = "transaction:update", _("Correct, withdraw and ask again")
    TRANSACTION_DELETE = "transaction:delete", _("Delete a transaction")
    TRANSACTION_REVIEW = "transaction:review", _("Decide transactions in review")
    TRANSACTION_EXPORT = "transaction:export", _("Export transactions")
    ADMIN_ACCESS = "admin:access", _("Administer the system")
    USER_MANAGE = "user:manage", _("Manage users")
    AUDIT_READ = "audit:read", _("Read the journal")
    LEDGER_READ = "ledger:read", _("Read the books")
    LEDGER_POST = "ledger:post", _("Post to the books")
    LEDGER_CLOSE = "ledger:close", _("Close and reopen months of the books")
    BANK_MANAGE = "bank:manage", _("Manage bank connections")
    WEBHOOK_MANAGE = "webhook:manage", _("Manage the addresses that get our news")
    PRIVACY_MANAGE = "privacy:manage", _("Erase personal data and prune the journal")


# A machine holds these only in a request that it signed.
MOVES_MONEY = frozenset(
    {Permission.TRANSACTION_REVIEW, Permission.LEDGER_POST, Permission.LEDGER_CLOSE}
)
# Who changes what others may do is a person.
FOR_PEOPLE_ONLY = frozenset(
    {Permission.ADMIN_ACCESS, Permission.USER_MANAGE, Permission.PRIVACY_MANAGE}
)
