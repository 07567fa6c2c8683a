-- What took effect on some days on every account of some kinds, netted. Accounts below a
-- heading are folded into it. Nothing that took effect then was booked before `since`.
-- One statement, so one moment, whatever is posted meanwhile.
WITH moved AS (
    SELECT leg.account_id, sum(leg.debited) AS debit
      FROM ledger_transfer t
     CROSS JOIN LATERAL (VALUES (t.debit_id, t.amount), (t.credit_id, -t.amount))
           AS leg(account_id, debited)
     WHERE t.at >= %(since)s AND t.effective BETWEEN %(first)s AND %(last)s
     GROUP BY leg.account_id
)
SELECT a.id, a.code, a.name, a.kind, a.currency, count(own.parent_id) AS accounts,
       greatest(sum(debit), 0) AS debit, greatest(-sum(debit), 0) AS credit
  FROM moved
  JOIN ledger_account own ON own.id = moved.account_id
  JOIN ledger_account a ON a.id = coalesce(own.parent_id, own.id)
 WHERE a.currency = %(currency)s AND a.kind = ANY(%(kinds)s) AND moved.debit <> 0
 GROUP BY a.id HAVING sum(debit) <> 0
 ORDER BY a.code
