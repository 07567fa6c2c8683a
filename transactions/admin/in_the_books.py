"""What the books' pages say of a transaction, and what approving one will book."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from areamedica.back_office import can
from areamedica.permissions import Permission as P
from ledger.admin.causes import CAUSES, NAMES, OWNERS, Cause, ids
from transactions import formats
from transactions.admin.payers import payers_of
from transactions.admin.searching import joined
from transactions.books import CAUSE, COMPLETED, owner_of
from transactions.models import Transaction

# Shorter numbers are the beginnings of accounts' codes.
_SHORTEST = 6
# The newest of them; nobody reads through more accounts.
_MOST_HITS = 100


def _names(pks: Iterable[str]) -> dict[str, str]:
    """Whose payment, and the digits people read aloud."""
    rows = Transaction.objects.present().filter(pk__in=[*ids(pks)])
    named = rows.values_list("pk", "customer_full_name", "reference")
    return {str(pk): f"{name} · …{reference[-6:]}" for pk, name, reference in named}


def _owners(request: HttpRequest, typed: str) -> Iterable[UUID]:
    """Whoever a document or a phone stands for, if it is one; and, for who may read
    transactions, whose payments are found by it."""
    text = joined(typed)
    yield from _standing_for(text)
    if can(request, P.TRANSACTION_READ):
        yield from _paying(text)


def _standing_for(text: str) -> Iterable[UUID]:
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


def _paying(text: str) -> Iterable[UUID]:
    """An owner with a document has no other name in the books: of a phone, a name, or
    digits without their letter only the payments know whose they are."""
    if text.isdecimal() and len(text) < _SHORTEST:
        return
    hits = Transaction.objects.present().matching(text)
    people = hits.values_list("customer_document", "customer_phone")
    # Of somebody who was erased neither is left.
    owners = (owner_of(*each) for each in people[:_MOST_HITS])
    yield from filter(None, owners)


def _names_of_owners(
    request: HttpRequest, accounts: Collection[UUID]
) -> dict[UUID, str]:
    return payers_of(accounts) if can(request, P.TRANSACTION_READ) else {}


CAUSES[CAUSE] = Cause(
    route="transactions_transaction_change",
    permission=P.TRANSACTION_READ,
    names=_names,
    codes={COMPLETED.code: _("Payment confirmed")},
    facts={"rule": _("Rule"), "day": _("Day at the bank"), "owner": _("Owner")},
    faults={
        "booked_but_not_completed": _("Booked, but its transaction is not completed"),
        "booked_otherwise": _("Booked otherwise than the bank has shown"),
        "completed_but_not_booked": _("A completed transaction that is not booked"),
    },
)
OWNERS.append(_owners)
NAMES.append(_names_of_owners)
