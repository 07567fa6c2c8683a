"""Open an account, freeze it, release it, close it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID, User
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from ledger.amounts import from_minor, to_minor
from ledger.chart import HEADINGS, SIDE, Floor, Line, Owner, account_id, code_of
from ledger.errors import (
    AccountClosed,
    AccountNotFound,
    NoSuchHeading,
    NotClosable,
    OpenedOtherwise,
)
from ledger.models import Account, Balance, Closure

Metadata = Mapping[str, object]
# One statement, so that of two who open the same account one does and both go on.
_OPEN = """
WITH opened AS (
    INSERT INTO ledger_account (
        id, code, name, kind, currency, owner_type, owner_id, parent_id, floor_rule,
        is_heading, metadata, overdraft, ceiling
    ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s, %s, %s)
    ON CONFLICT DO NOTHING RETURNING id, currency, overdraft, ceiling
)
INSERT INTO ledger_balance (
    account_id, amount, seq, floor, ceiling, side, currency, is_frozen
) SELECT id, 0, 0, -overdraft, ceiling, %s, currency, false FROM opened
"""


@dataclass(frozen=True)
class Limits:
    """What an account may be overdrawn by, and the most that may be on it, in minor
    units. Unless it is agreed otherwise, it never goes below zero."""

    overdraft: int = 0
    ceiling: int | None = None


NEVER_BELOW_ZERO = Limits()


def owned_account(
    *, number: str, currency: str, owner_id: UUID, actor_id: UUID = SYSTEM_ID
) -> UUID:
    """The owner's account below a heading of the chart; opened if it is not yet.

    `owner_id` of a patient is a pseudonym, never made of a name.
    """
    pk = account_id(code_of(number, currency, owner_id))
    if not Balance.objects.filter(pk=pk).exists():
        _open(HEADINGS[number], currency, owner_id, actor_id, {}, NEVER_BELOW_ZERO)
    return pk


def open_account(
    *,
    number: str,
    currency: str,
    owner_id: UUID,
    actor: User,
    metadata: Metadata | None = None,
    overdraft: Decimal | None = None,
    ceiling: Decimal | None = None,
) -> tuple[Account, bool]:
    """As `owned_account`, by somebody: the account, and whether it is new.

    `metadata` are texts by name; those it was opened with stay, as its limits do.

    :raises Forbidden: :raises NoSuchHeading: nothing is opened below this number.
    :raises OpenedOtherwise: it is there, and a limit that is wanted is not its own.
    :raises UnpostableAmount: a limit is not above zero or finer than the currency.
    """
    actor.demand(Permission.LEDGER_POST)
    line = HEADINGS.get(number)
    if line is None:
        raise NoSuchHeading(headings=", ".join(HEADINGS))
    limits = Limits(
        to_minor(overdraft, currency) if overdraft is not None else 0,
        to_minor(ceiling, currency) if ceiling is not None else None,
    )
    is_new = _open(line, currency, owner_id, actor.pk, metadata or {}, limits)
    code = code_of(number, currency, owner_id)
    account = Account.objects.select_related("closure").get(pk=account_id(code))
    for wanted, kept in (
        (overdraft, account.overdraft == limits.overdraft),
        (ceiling, account.ceiling == limits.ceiling),
    ):
        if wanted is not None and not kept:
            raise OpenedOtherwise
    return account, is_new


@atomic
def _open(
    line: Line,
    currency: str,
    owner_id: UUID,
    actor_id: UUID,
    metadata: Metadata,
    limits: Limits,
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
                limits.overdraft,
                limits.ceiling,
                SIDE[line.kind],
            ],
        )
        is_new = bool(cursor.rowcount)
    if is_new:
        facts: dict[str, object] = {"code": code}
        for name, limit in vars(limits).items():
            if limit:
                facts[name] = from_minor(limit, currency)
        record(
            Action.ACCOUNT_OPENED,
            actor_id=actor_id,
            subject=("account", pk),
            facts=facts,
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


def takes(balance: Balance, amount: Decimal) -> bool:
    """Whether so much more may come onto it: not frozen, and within its ceiling."""
    ceiling, currency = balance.ceiling, balance.currency
    fits = ceiling is None or amount <= from_minor(ceiling - balance.amount, currency)
    return fits and not balance.is_frozen


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
