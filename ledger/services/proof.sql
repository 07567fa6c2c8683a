-- Every leg beside the one before it on its account, and every account beside its legs.
WITH legs AS (
    SELECT e.account_id, e.seq, e.key, e.balance, e.at, b.floor, b.seq AS final_seq,
           CASE WHEN e.is_debit THEN b.side ELSE -b.side END * e.amount AS change,
           coalesce(lag(e.seq) OVER account, 0) AS seq_before,
           coalesce(lag(e.balance) OVER account, 0) AS balance_before,
           lag(e.at) OVER account AS at_before
      FROM ledger_entry e
      LEFT JOIN ledger_balance b USING (account_id)
    WINDOW account AS (PARTITION BY e.account_id ORDER BY e.seq)
), sums AS (
    SELECT account_id, sum(change) AS total,
           max(balance) FILTER (WHERE seq = final_seq) AS last_balance
      FROM legs GROUP BY account_id
), faults AS (
    SELECT fault.kind, format('%s/%s', account_id, seq) AS subject, key::text AS detail
      FROM legs CROSS JOIN LATERAL (VALUES
          ('account_unknown', change IS NULL),
          ('sequence_broken', seq <> seq_before + 1),
          ('running_balance_wrong', balance <> balance_before + change),
          ('floor_crossed', balance < floor),
          ('time_runs_backwards', at < at_before)
      ) AS fault(kind, is_so)
     WHERE fault.is_so
    UNION ALL
    SELECT fault.kind, b.account_id::text, format('%s', b.amount)
      FROM ledger_balance b
      LEFT JOIN sums s USING (account_id)
      JOIN ledger_account a ON a.id = b.account_id
      CROSS JOIN LATERAL (VALUES
          ('balance_is_not_the_sum', b.amount <> coalesce(s.total, 0)),
          ('balance_is_not_the_last',
           b.amount IS DISTINCT FROM
           CASE WHEN b.seq = 0 THEN 0 ELSE s.last_balance END),
          ('floor_crossed', b.amount < b.floor),
          ('balance_not_as_its_account',
           b.currency <> a.currency
           OR (b.side = 1) <> (a.kind IN ('asset', 'expense'))
           OR b.floor IS DISTINCT FROM
              CASE WHEN a.floor_rule = 'zero' THEN 0::bigint END)
      ) AS fault(kind, is_so)
     WHERE fault.is_so
    UNION ALL
    SELECT 'account_without_balance', a.id::text, a.code
      FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id
     WHERE (b.account_id IS NULL) <> a.is_heading
    UNION ALL
    SELECT 'debits_are_not_credits', currency, sum(amount * side)::text
      FROM ledger_balance GROUP BY currency HAVING sum(amount * side) <> 0
    UNION ALL
    SELECT fault.kind, t.key::text, ''
      FROM ledger_transfer t
      LEFT JOIN ledger_account d ON d.id = t.debit_id
      LEFT JOIN ledger_account c ON c.id = t.credit_id
      CROSS JOIN LATERAL (VALUES
          ('currencies_mixed', d.currency <> c.currency),
          ('without_cause', t.cause_type = '' OR t.cause_id = '')
      ) AS fault(kind, is_so)
     WHERE fault.is_so
)
SELECT kind, subject, detail FROM faults ORDER BY kind, subject LIMIT 1000
