-- By how much more each account was debited by what is later: booked from `since` on and,
-- where a day is asked for, taking effect after it. Whoever asks reads on from here.
WITH later AS MATERIALIZED (
    SELECT leg.account_id, sum(leg.debited) AS debited
      FROM ledger_transfer t
     CROSS JOIN LATERAL (VALUES (t.debit_id, t.amount), (t.credit_id, -t.amount))
           AS leg(account_id, debited)
     WHERE t.at >= %(since)s AND (%(day)s::date IS NULL OR t.effective > %(day)s)
     GROUP BY leg.account_id
)
