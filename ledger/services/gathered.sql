-- What makes up a heading's line of a report: that line, then the next of its accounts
-- that something was on, the largest amounts first.
--
-- What is later: later.sql. Most accounts have nothing on them; those are left
-- out among the balances, which are narrow, before the accounts are looked at. Amounts
-- have no index: one would make posting dear. One statement, so one moment.
, stood AS NOT MATERIALIZED (
    SELECT b.account_id AS id, b.amount * b.side - coalesce(later.debited, 0) AS debit
      FROM ledger_balance b
      LEFT JOIN later ON later.account_id = b.account_id
     WHERE b.amount <> 0 OR later.debited <> 0
), own AS MATERIALIZED (
    SELECT id, debit FROM stood JOIN ledger_account a USING (id)
     WHERE a.parent_id = %(heading)s AND debit <> 0
), lines AS (
    SELECT %(heading)s::uuid AS id, count(*) AS accounts,
           coalesce(sum(greatest(debit, 0)), 0) AS debit,
           coalesce(sum(greatest(-debit, 0)), 0) AS credit
      FROM own
     UNION ALL
   (SELECT id, 0, greatest(debit, 0), greatest(-debit, 0)
      FROM own
     WHERE %(size)s::numeric IS NULL
        OR (-abs(debit), id) > (-%(size)s::numeric, %(after)s::uuid)
     ORDER BY -abs(debit), id LIMIT %(limit)s)
)
SELECT a.id, a.code, a.name, a.kind, a.currency, accounts, debit, credit
  FROM lines JOIN ledger_account a USING (id)
 ORDER BY a.is_heading DESC, greatest(debit, credit) DESC, id
