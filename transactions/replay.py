"""The state of transactions, told by the journal alone.

One pure function per action, written for its newest facts; older facts are lifted to
them first. What the journal does not tell (names, dates, the bank's rows) stays out.
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.actions import Action
from audit.canonical import amount_in, facts_of
from audit.replay import Projection, State
from transactions.states import Reason
from transactions.states import State as Status

Facts = dict[str, Any]
_UNTOLD = object()
_DECIDED = frozenset({Reason.APPROVED.value, Reason.REJECTED.value})


def _moved_1(facts: Facts) -> Facts:
    """To schema 2, which tells the amount. That of the bank, or of a correction, was
    not told; any other step left it as it was."""
    is_new = facts["became"] == Status.COMPLETED or "corrected" in facts
    return {**facts, "amount": _UNTOLD} if is_new else facts


LIFT: dict[tuple[str, int], Callable[[Facts], Facts]] = {
    (Action.TRANSACTION_MOVED, 1): _moved_1,
}


def _text(told: object) -> str:
    """:raises TypeError: it is none that a column could hold."""
    if not isinstance(told, str) or "\0" in told:
        raise TypeError
    return told


def _amount(facts: Facts) -> str | None:
    """:raises TypeError: it is none."""
    if facts["amount"] is not None and amount_in(facts) is None:
        raise TypeError
    amount: str | None = facts["amount"]
    return amount


def _recorded(state: State, actor: str, facts: Facts) -> State:
    return {
        "status": Status.IN_PROGRESS.value,
        "currency": _text(facts["currency"]),
        "amount": _amount(facts),
        "created_by": actor,
        "decided_by": None,
        "first_approver": None,
        "corrected_by": None,
        "deleted": False,
    }


def _moved(state: State, actor: str, facts: Facts) -> State:
    became, reason = _text(facts["became"]), _text(facts["reason"])
    moved = {**state, "status": became, "reason": reason}
    if became == Status.IN_PROGRESS:
        # The reason to wait is said better without a step (`Transaction.explain`).
        del moved["reason"]
    if reason in _DECIDED:
        moved["decided_by"] = actor
    if reason == Reason.REOPENED:
        moved["first_approver"] = None
        if facts.get("corrected"):
            moved["corrected_by"] = actor
    if facts.get("amount") is _UNTOLD:
        moved.pop("amount", None)
    elif "amount" in facts:
        moved["amount"] = _amount(facts)
    return moved


def _first_approval(state: State, actor: str, facts: Facts) -> State:
    reason = Reason.SECOND_APPROVAL.value
    return {**state, "first_approver": actor, "reason": reason}


def _deleted(state: State, actor: str, facts: Facts) -> State:
    return {**state, "deleted": True}


def _changed(state: State, actor: str, facts: Facts) -> State:
    return state


APPLY: dict[str, Callable[[State, str, Facts], State]] = {
    Action.TRANSACTION_RECORDED: _recorded,
    Action.TRANSACTION_MOVED: _moved,
    Action.FIRST_APPROVAL: _first_approval,
    Action.TRANSACTION_DELETED: _deleted,
    Action.TRANSACTION_CHANGED: _changed,
}


def apply(state: State | None, event: tuple[Any, ...]) -> State:
    """The state after (key, action, version or None, actor, facts as text).

    :raises KeyError: the facts do not tell what the action must. :raises TypeError: or
        tell it in another shape.
    """
    action, version, actor, text = event[1:]
    facts = facts_of(text)
    lift = LIFT.get((action, facts.get("schema", 1)))
    after = APPLY[action](state or {}, actor, lift(facts) if lift else facts)
    counted = version if version is not None else (state or {}).get("version", 0)
    return {**after, "version": counted}


_ACTIONS = ", ".join(f"'{action}'" for action in APPLY)
TRANSACTIONS = Projection(
    name="transactions",
    label=_("Transactions"),
    apply=apply,
    # Of an hour from before versions were counted only a replay of everything knows.
    events=f"""
SELECT record.subject_id, record.action, record.version, record.actor_id::text,
       record.facts
  FROM audit_record record
  LEFT JOIN audit_shadow shadow
    ON shadow.projection = 'transactions' AND shadow.key = record.subject_id
 WHERE record.subject_type = 'transaction' AND record.action IN ({_ACTIONS})
   AND (record.epoch, record.xid, record.id) > (%(epoch)s, %(xid)s::text::xid8, %(id)s)
   AND (shadow.key IS NULL OR record.version > (shadow.state ->> 'version')::int)
 ORDER BY record.subject_id, record.id
""",  # noqa: S608 (our names)
    live="""
SELECT id::text, jsonb_build_object(
           'status', status, 'reason', status_reason, 'currency', currency,
           'amount', amount::text, 'created_by', created_by_id,
           'decided_by', decided_by_id, 'first_approver', first_approver_id,
           'corrected_by', corrected_by_id, 'deleted', deleted_at IS NOT NULL,
           'version', version)
  FROM transactions_transaction
""",
    swap="""
UPDATE transactions_transaction live
   SET status = told.state ->> 'status',
       status_reason = coalesce(told.state ->> 'reason', live.status_reason),
       amount = CASE WHEN told.state ? 'amount'
                     THEN (told.state ->> 'amount')::numeric ELSE live.amount END,
       currency = told.state ->> 'currency',
       decided_by_id = (told.state ->> 'decided_by')::uuid,
       first_approver_id = (told.state ->> 'first_approver')::uuid,
       corrected_by_id = (told.state ->> 'corrected_by')::uuid,
       completed_at = CASE WHEN told.state ->> 'status' = 'COMPLETED'
                           THEN coalesce(live.completed_at, now()) END,
       deleted_at = CASE WHEN (told.state ->> 'deleted')::boolean
                         THEN coalesce(live.deleted_at, now()) END,
       version = (told.state ->> 'version')::int,
       updated_at = now()
  FROM audit_shadow told
 WHERE told.projection = 'transactions' AND told.key = ANY(%(keys)s)
   AND live.id = told.key::uuid
""",
)
