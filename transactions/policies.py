"""Who may do what to this very transaction; a sentence each."""

from accounts.models import User
from areamedica.permissions import Permission
from transactions.models import Transaction


def has_clean_hands(actor: User, transaction: Transaction) -> bool:
    """Whether none of the claim's data is the actor's own."""
    return actor.pk not in (transaction.created_by_id, transaction.corrected_by_id)


def may_withdraw(actor: User, transaction: Transaction) -> bool:
    """The author or a reviewer may take an open claim back."""
    is_author = transaction.created_by_id == actor.pk
    return actor.can(Permission.TRANSACTION_REVIEW) or (
        is_author and actor.can(Permission.TRANSACTION_UPDATE)
    )
