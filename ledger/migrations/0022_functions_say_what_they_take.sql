-- Whoever replaces one of these functions looks whether its comment is still true.
COMMENT ON FUNCTION ledger_judge IS $$
Post transfers in their order and say of each what became of it.

Parameters. accounts: every account once, ascending. keys, debits, credits, amounts and
subjects have one element for each transfer. debits and credits: places in accounts;
amounts: minor units, above zero; subjects: places in currencies, codes, effectives,
cause_types, cause_ids and metadatas, so that what many transfers have in common is sent
once. All places are counted from 1. The last three have one element for each transfer
too, or none where no transfer needs it. twins: the place of the transfer before with the
same key, or 0; linked: whether it is tied to the next one, with which it is posted or
fails (the last is not); reverses: the key of what it takes back, or NULL.

Results, the first that fits: already_posted or key_reused (the key is in the books, or
was posted by a twin: with this content, or with other), unknown_account (or a heading),
other_currency, frozen (or closed for good), period_closed, not_reversible,
exceeds_original, insufficient_funds, above_ceiling, posted. linked_failed: another of its
group failed; of a group the first that fails by itself says why. No transfers, no results.

Locks, until the transaction ends: the shared one that a closing takes alone (4715200),
the balances of the accounts, ascending, then the keys, ascending, as they are inserted.
Whoever waits for a key waits for nobody's balance. READ COMMITTED is demanded, for an
older snapshot misses what was committed while a lock was waited for: else
invalid_transaction_state.

One statement: all that is posted is in the books or nothing is. It does not look over its
parameters and has the rights of its caller, which is ledger_post.
$$;

COMMENT ON FUNCTION ledger_post IS $$
Have transfers judged and posted: parameters, results, locks and isolation are those of
ledger_judge. Runs as the tables' owner, for anybody: a transfer without a subject or a
currency, or six arrays of subjects that differ in length, are refused
(invalid_parameter_value).
$$;

COMMENT ON FUNCTION ledger_book_one IS $$
Book one transfer that nothing stands against and say when; else do nothing and say NULL,
and ledger_post says why, or books it after all.

Parameters. transfer: its key; debit and credit: two accounts; minor: the amount in minor
units, above zero; money: the currency; kind: the code; day: when it takes effect;
cause_kind and cause: type and id of what it stands for; about: the metadata.

NULL: an account is unknown, frozen, of another currency, has a ceiling (however high) or
would be below its floor; the day is in a closed month; or the key is in the books.

Locks and isolation are those of ledger_judge. Runs as the tables' owner, for anybody.
$$;

COMMENT ON FUNCTION ledger_book_all IS $$
Book transfers that nothing stands against, all of them, and say when; else do nothing and
say NULL, and ledger_post judges each.

Parameters are those of ledger_judge without its last three: all are booked or none, so
nothing need be tied.

NULL: the accounts are not ascending, each once, or one is unknown, frozen, of another
currency than the first subject or has a ceiling (however high); the subjects have several
currencies; an account would be below its floor on the way; a day is in a closed month; or
a key is in the books or there twice. What has no subject is refused (invalid_parameter_value).

Locks and isolation are those of ledger_judge. Runs as the tables' owner, for anybody.
$$;

COMMENT ON FUNCTION ledger_reserve IS $$
Hold the amount of a transfer that may come, on each account that it would shrink.

Parameters. id: the key of the hold; debit and credit: two accounts; minor: the amount in
minor units, above zero; money: the currency; kind: the code; day: when the transfer takes
effect; cause_kind and cause: type and id of what it stands for; until: when it expires.

Results, the first that fits: already_posted or key_reused (there is a hold of this key:
the same, or another), unknown_account (or a heading), other_currency, frozen (or closed
for good), period_closed, insufficient_funds, posted: it is held now. Ceilings are looked
at when the transfer is posted.

Locks, until the transaction ends: the shared one that a closing takes alone (4715200), the
balances of both accounts, ascending, then the key. READ COMMITTED is demanded: else
invalid_transaction_state. Runs as the tables' owner, for anybody.
$$;

COMMENT ON FUNCTION ledger_end_hold IS $$
End a hold and free what it held; if it is posted, book its transfer, on the first open day
where its own is closed.

Parameters. id: the key of the hold; how: posted, voided or expired; moment: now, which
the end of the hold is compared with. For posted alone, else NULL: transfer, the key of
the transfer; part: its amount in minor units, NULL for all of it.

Results, the first that fits: hold_not_found, already_posted (it has ended so before),
hold_ended (otherwise), hold_expired, exceeds_original (part is more than is held), then
what ledger_post says of the transfer, posted. Whatever is not posted leaves the hold as
it was.

Locks, until the transaction ends, and isolation: those of ledger_judge, about the two
accounts of the hold and the transfer. Runs as the tables' owner, for anybody.
$$;
