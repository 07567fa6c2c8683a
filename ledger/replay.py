"""Balances, told by the transfers alone: these are the events of the books."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.replay import Projection, State


def apply(state: State | None, event: tuple[Any, ...]) -> State:
    """The balance after (account, number of the leg, its change in minor units)."""
    seq, change = event[1:]
    return {"amount": (state["amount"] if state else 0) + change, "seq": seq}


BALANCES = Projection(
    name="balances",
    label=_("Balances"),
    apply=apply,
    # An account's legs are numbered: what is not in the shadow is above its number.
    events="""
SELECT leg.account_id::text, leg.seq,
       CASE WHEN leg.is_debit = (account.kind IN ('asset', 'expense'))
            THEN leg.amount ELSE -leg.amount END
  FROM ledger_entry leg
  JOIN ledger_account account ON account.id = leg.account_id
  LEFT JOIN audit_shadow shadow
    ON shadow.projection = 'balances' AND shadow.key = leg.account_id::text
 WHERE leg.seq > coalesce((shadow.state ->> 'seq')::bigint, 0)
 ORDER BY 1, 2
""",
    live="""
SELECT account_id::text, jsonb_build_object('amount', amount, 'seq', seq)
  FROM ledger_balance WHERE seq > 0 OR amount <> 0
""",
    # A number of the books is nobody's to bring along: the transfers say it again.
    swap="SELECT ledger_recount(%(keys)s::uuid[])",
)
