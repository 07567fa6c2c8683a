"""What the books' pages say of a transaction, and what approving one will book."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from areamedica.permissions import Permission as P
from ledger.admin.causes import CAUSES, OWNERS, Cause, ids
from transactions import formats
from transactions.admin.searching import joined
from transactions.books import CAUSE, COMPLETED, owner_of
from transactions.models import Transaction


def _names(pks: Iterable[str]) -> dict[str, str]:
    """Whose payment, and the digits people read aloud."""
    rows = Transaction.objects.present().filter(pk__in=[*ids(pks)])
    named = rows.values_list("pk", "customer_full_name", "reference")
    return {str(pk): f"{name} · …{reference[-6:]}" for pk, name, reference in named}


def _owners(typed: str) -> Iterable[UUID]:
    """The owners that a document or a phone stands for, if it is one."""
    text = joined(typed)
    for read, by_document in (
        (formats.normal_document, True),
        (formats.normal_phone, False),
    ):
        try:
            normal = read(text)
        except ValueError:
            continue
        owner = owner_of(normal, "") if by_document else owner_of("", normal)
        if owner:
            yield owner


CAUSES[CAUSE] = Cause(
    route="transactions_transaction_change",
    permission=P.TRANSACTION_READ,
    names=_names,
    codes={COMPLETED.code: _("Payment confirmed")},
    faults={
        "booked_but_not_completed": _("Booked, but its transaction is not completed"),
        "booked_otherwise": _("Booked otherwise than the bank has shown"),
        "completed_but_not_booked": _("A completed transaction that is not booked"),
    },
)
OWNERS.append(_owners)
