"""Open an account, freeze it, release it, close it."""

import json
from collections.abc import Mapping
from uuid import UUID

from django.db import connection
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID, User
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from ledger.chart import HEADINGS, SIDE, Floor, Line, Owner, account_id, code_of
from ledger.errors import AccountClosed, AccountNotFound, NoSuchHeading, NotClosable
from ledger.models import Account, Balance, Closure

Metadata = Mapping[str, object]
# One statement, so that of two who open the same account one does and both go on.
_OPEN = """
WITH opened AS (
    INSERT INTO ledger_account (
        id, code, name, kind, currency, owner_type, owner_id, parent_id, floor_rule,
        is_heading, metadata
    ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s)
    ON CONFLICT DO NOTHING RETURNING id, currency
)
INSERT INTO ledger_balance (account_id, amount, seq, floor, side, currency, is_frozen)
SELECT id, 0, 0, %s, %s, currency, false FROM opened
"""


def owned_account(
    *, number: str, currency: str, owner_id: UUID, actor_id: UUID = SYSTEM_ID
) -> UUID:
    """The owner's account below a heading of the chart; opened if it is not yet.

    `owner_id` of a patient is a pseudonym, never made of a name.
    """
    pk = account_id(code_of(number, currency, owner_id))
    if not Balance.objects.filter(pk=pk).exists():
        _open(HEADINGS[number], currency, owner_id, actor_id, {})
    return pk


def open_account(
    *,
    number: str,
    currency: str,
    owner_id: UUID,
    actor: User,
    metadata: Metadata | None = None,
) -> tuple[Account, bool]:
    """As `owned_account`, by somebody: the account, and whether it is new.

    `metadata` are texts by name; those it was opened with stay.

    :raises Forbidden: :raises NoSuchHeading: nothing is opened below this number.
    """
    actor.demand(Permission.LEDGER_POST)
    line = HEADINGS.get(number)
    if line is None:
        raise NoSuchHeading(headings=", ".join(HEADINGS))
    is_new = _open(line, currency, owner_id, actor.pk, metadata or {})
    code = code_of(number, currency, owner_id)
    rows = Account.objects.select_related("closure")
    return rows.get(pk=account_id(code)), is_new


@atomic
def _open(
    line: Line, currency: str, owner_id: UUID, actor_id: UUID, metadata: Metadata
) -> bool:
    code = code_of(line.number, currency, owner_id)
    pk = account_id(code)
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            [
                pk,
                code,
                line.name,
                line.kind,
                currency,
                line.owners,
                owner_id,
                account_id(code_of(line.number, currency)),
                Floor.ZERO,
                json.dumps(metadata),
                0,
                SIDE[line.kind],
            ],
        )
        is_new = bool(cursor.rowcount)
    if is_new:
        record(
            Action.ACCOUNT_OPENED,
            actor_id=actor_id,
            subject=("account", pk),
            facts={"code": code},
        )
    return is_new


@atomic
def freeze(*, account_id: UUID, actor: User, reason: str) -> None:
    """Let nothing move on the account until it is released.

    :raises Forbidden: :raises AccountNotFound:
    """
    balance = _locked(account_id, actor)
    _set_frozen(balance, actor, reason, Action.ACCOUNT_FROZEN, frozen=True)


@atomic
def release(*, account_id: UUID, actor: User, reason: str) -> None:
    """Let a frozen account move again.

    :raises Forbidden: :raises AccountNotFound: :raises AccountClosed:
    """
    balance = _locked(account_id, actor)
    if Closure.objects.filter(pk=account_id).exists():
        raise AccountClosed
    _set_frozen(balance, actor, reason, Action.ACCOUNT_RELEASED, frozen=False)


@atomic
def close(*, account_id: UUID, actor: User, reason: str) -> None:
    """Close an owner's account for good: frozen, with nothing on it. Once is enough.

    :raises Forbidden: :raises AccountNotFound: :raises NotClosable: something is on it
        or held of it, or it is the clinic's.
    """
    balance = _locked(account_id, actor)
    if Closure.objects.filter(pk=account_id).exists():
        return
    if not is_closable(balance):
        raise NotClosable
    _set_frozen(balance, actor, reason, Action.ACCOUNT_FROZEN, frozen=True)
    Closure.objects.create(account_id=account_id, by=actor, reason=reason)
    record(
        Action.ACCOUNT_CLOSED,
        actor_id=actor.pk,
        subject=("account", account_id),
        facts={"reason": reason},
    )


def is_closable(balance: Balance) -> bool:
    """Whether nothing is on an owner's account, nor held of it."""
    is_empty = not balance.amount and not balance.held
    return is_empty and balance.account.owner_type != Owner.CLINIC


def _locked(account_id: UUID, actor: User) -> Balance:
    """:raises Forbidden: :raises AccountNotFound:"""
    actor.demand(Permission.LEDGER_POST)
    found = Balance.objects.select_for_update().filter(pk=account_id).first()
    if found is None:
        raise AccountNotFound
    return found


def _set_frozen(
    balance: Balance, actor: User, reason: str, action: Action, *, frozen: bool
) -> None:
    if balance.is_frozen == frozen:
        return
    balance.is_frozen = frozen
    balance.save(update_fields=["is_frozen"])
    record(
        action,
        actor_id=actor.pk,
        subject=("account", balance.pk),
        facts={"reason": reason},
    )
