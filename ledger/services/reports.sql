-- What was on every account of some currencies: what is on it now without the legs that
-- came later. Accounts below a heading are folded into it.
--
-- What is later: later.sql. One statement, so one moment, whatever is posted meanwhile.
, stood AS NOT MATERIALIZED (
    SELECT a.id, a.parent_id, b.amount * b.side - coalesce(later.debited, 0) AS debit
      FROM ledger_account a
      JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN later ON later.account_id = a.id
     WHERE a.currency = ANY(%(currencies)s)
), lines AS (
    SELECT parent_id AS id, count(*) AS accounts, sum(greatest(debit, 0)) AS debit,
           sum(greatest(-debit, 0)) AS credit
      FROM stood WHERE parent_id IS NOT NULL AND debit <> 0 GROUP BY parent_id
    UNION ALL
    SELECT id, 0, greatest(debit, 0), greatest(-debit, 0)
      FROM stood WHERE parent_id IS NULL AND debit <> 0
)
SELECT a.id, a.code, a.name, a.kind, a.currency, accounts, debit, credit
  FROM lines JOIN ledger_account a USING (id)
 ORDER BY a.code
