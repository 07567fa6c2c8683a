"""The chart of accounts as a table: `LINES`, each part opened by a migration.

Accounts are named by code, and an account's id follows from its code, so that posting
looks nothing up.
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

from django.db import models
from django.utils.translation import gettext_lazy as _

_ACCOUNTS = UUID("5d1c7c4e-6f0a-5b6e-9a39-2f6d1f0c8a11")


class Kind(models.TextChoices):
    ASSET = "asset", _("Asset")
    LIABILITY = "liability", _("Liability")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")
    EQUITY = "equity", _("Equity")


class Floor(models.TextChoices):
    """How low a balance may go."""

    NONE = "none", _("No floor")
    ZERO = "zero", _("Never below zero")


class Owner(models.TextChoices):
    CLINIC = "clinic", _("The clinic")
    CUSTOMER = "customer", _("A customer")
    BANK_ACCOUNT = "bank_account", _("A bank account")
    FUND = "fund", _("A fund")


# +1: a debit raises the balance; −1: a credit does.
SIDE = {
    Kind.ASSET: 1,
    Kind.EXPENSE: 1,
    Kind.LIABILITY: -1,
    Kind.INCOME: -1,
    Kind.EQUITY: -1,
}

IN_TRANSIT = "1110"
BANK = "1120"
CUSTOMER_CREDIT = "2100"
UNNAMED_CREDIT = "2190"
OPENING = "3900"
SERVICES = "4000"
FEES = "4100"
BANK_CHARGES = "5100"


@dataclass(frozen=True)
class Line:
    """A line of the chart, opened once per currency.

    A heading takes no postings: below it the accounts of its owners are opened as they
    come, and none of those goes below zero.
    """

    number: str
    name: str
    kind: Kind
    floor: Floor = Floor.NONE
    owners: Owner | None = None

    @property
    def is_heading(self) -> bool:
        return self.owners is not None


CHART = (
    Line(IN_TRANSIT, "Pagos confirmados por conciliar", Kind.ASSET),
    Line(BANK, "Banco conciliado", Kind.ASSET),
    Line(
        CUSTOMER_CREDIT, "Crédito de pacientes", Kind.LIABILITY, owners=Owner.CUSTOMER
    ),
    Line(UNNAMED_CREDIT, "Crédito sin identificar", Kind.LIABILITY, Floor.ZERO),
    Line(FEES, "Ingresos por comisiones", Kind.INCOME),
    Line(BANK_CHARGES, "Gastos bancarios", Kind.EXPENSE),
)
# Opened by migration 0008. `CHART` is what 0003 opens, when equity is no kind yet; so
# a line that comes later stands here, or in a table for a migration of its own.
ADDED = (
    Line(OPENING, "Saldos de apertura", Kind.EQUITY),
    Line(SERVICES, "Ingresos por servicios médicos", Kind.INCOME),
)
# Opened by migration 0016.
OWNED = (
    Line("1130", "Cuentas bancarias", Kind.ASSET, owners=Owner.BANK_ACCOUNT),
    Line("2300", "Fondos", Kind.LIABILITY, owners=Owner.FUND),
)
LINES = (*CHART, *ADDED, *OWNED)
HEADINGS = {line.number: line for line in LINES if line.is_heading}


def code_of(number: str, currency: str, owner_id: UUID | None = None) -> str:
    """`1110-VES`, or `2100-VES-<owner>` for the account of one owner."""
    code = f"{number}-{currency}"
    return f"{code}-{owner_id}" if owner_id else code


def account_id(code: str) -> UUID:
    """The id of the account of this code, whether it has been opened or not."""
    return uuid5(_ACCOUNTS, code)
