-- What is wrong, by name. Where the legs are sound (proof_legs.sql) none of them is looked
-- at again; else every leg beside the one before it on its account, every account beside
-- its legs, and every transfer by itself. Always: what is held, reversed and told apart.
WITH accounts AS MATERIALIZED (
    SELECT account_id, sum(change) AS total,
           max(balance) FILTER (WHERE seq = final_seq) AS last_balance,
           bool_or(change IS NULL OR seq <> seq_before + 1
                   OR balance <> balance_before + change
                   OR coalesce(balance < floor OR balance > ceiling, false)
                   OR coalesce(at < at_before, false)) AS is_broken
      FROM (
        SELECT e.account_id, e.seq, e.balance, e.at, b.floor, b.ceiling,
               b.seq AS final_seq,
               CASE WHEN e.is_debit THEN b.side ELSE -b.side END * e.amount AS change,
               coalesce(lag(e.seq) OVER account, 0) AS seq_before,
               coalesce(lag(e.balance) OVER account, 0) AS balance_before,
               lag(e.at) OVER account AS at_before
          FROM ledger_entry e
          LEFT JOIN ledger_balance b USING (account_id)
         WHERE NOT %(are_sound)s
        WINDOW account AS (PARTITION BY e.account_id ORDER BY e.seq)
      ) AS legs
     GROUP BY account_id
), legs AS (
    SELECT e.account_id, e.seq, e.key, e.balance, e.at, b.floor, b.ceiling,
           CASE WHEN e.is_debit THEN b.side ELSE -b.side END * e.amount AS change,
           coalesce(lag(e.seq) OVER account, 0) AS seq_before,
           coalesce(lag(e.balance) OVER account, 0) AS balance_before,
           lag(e.at) OVER account AS at_before
      FROM accounts
      JOIN ledger_entry e USING (account_id)
      LEFT JOIN ledger_balance b USING (account_id)
     WHERE is_broken
    WINDOW account AS (PARTITION BY e.account_id ORDER BY e.seq)
), open_holds AS (
    SELECT h.* FROM ledger_hold h
     WHERE NOT EXISTS (SELECT FROM ledger_holdend e WHERE e.hold_id = h.key)
), held AS (
    SELECT account_id, sum(amount) AS total
      FROM (
        SELECT b.account_id, h.amount FROM open_holds h
          JOIN ledger_balance b ON b.account_id = h.debit_id AND b.side < 0
        UNION ALL
        SELECT b.account_id, h.amount FROM open_holds h
          JOIN ledger_balance b ON b.account_id = h.credit_id AND b.side > 0
      ) AS reserved
     GROUP BY account_id
), closings AS (
    -- What was closed until when, to be looked up by the moment of a booking.
    SELECT array_agg(at ORDER BY id) AS moments, array_agg(until ORDER BY id) AS untils
      FROM ledger_closing HAVING count(*) > 0
), faults AS (
    SELECT fault.kind, format('%%s/%%s', account_id, seq) AS subject, key::text AS detail
      FROM legs CROSS JOIN LATERAL (VALUES
          ('account_unknown', change IS NULL),
          ('sequence_broken', seq <> seq_before + 1),
          ('running_balance_wrong', balance <> balance_before + change),
          ('floor_crossed', balance < floor),
          ('ceiling_crossed', balance > ceiling),
          ('time_runs_backwards', at < at_before)
      ) AS fault(kind, is_so)
     WHERE fault.is_so
    UNION ALL
    SELECT fault.kind, b.account_id::text, format('%%s', b.amount)
      FROM ledger_balance b
      LEFT JOIN accounts s USING (account_id)
      LEFT JOIN held h USING (account_id)
      JOIN ledger_account a ON a.id = b.account_id
      CROSS JOIN LATERAL (VALUES
          ('balance_is_not_the_sum',
           NOT %(are_sound)s AND b.amount <> coalesce(s.total, 0)),
          ('balance_is_not_the_last',
           NOT %(are_sound)s AND b.amount IS DISTINCT FROM
           CASE WHEN b.seq = 0 THEN 0 ELSE s.last_balance END),
          ('held_is_not_the_sum', b.held <> coalesce(h.total, 0)),
          ('floor_crossed', b.amount - b.held < b.floor),
          ('ceiling_crossed', b.amount > b.ceiling),
          ('balance_not_as_its_account',
           b.currency <> a.currency
           OR (b.side = 1) <> (a.kind IN ('asset', 'expense'))
           OR b.ceiling IS DISTINCT FROM a.ceiling
           OR b.floor IS DISTINCT FROM
              CASE WHEN a.floor_rule = 'zero' THEN -a.overdraft END)
      ) AS fault(kind, is_so)
     WHERE fault.is_so
    UNION ALL
    SELECT 'account_without_balance', a.id::text, a.code
      FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id
     WHERE (b.account_id IS NULL) <> a.is_heading
    UNION ALL
    -- Who may open accounts may open one that looks like an owner's and is none.
    SELECT fault.kind, a.id::text, a.code
      FROM ledger_account a
      LEFT JOIN ledger_account h ON h.id = a.parent_id AND h.is_heading
      CROSS JOIN LATERAL (VALUES
          ('account_not_as_in_chart', a.owner_type = 'clinic'
           OR ROW(a.code, a.kind, a.currency, a.floor_rule, a.is_heading)
              IS DISTINCT FROM
              ROW(h.code || '-' || a.owner_id, h.kind, h.currency, 'zero', false)),
          -- Agreed when it was opened, by somebody; words that were pruned are not missed.
          ('limits_not_as_journaled', (a.overdraft <> 0 OR a.ceiling IS NOT NULL)
           AND NOT EXISTS (
               SELECT FROM audit_record r
                WHERE r.subject_id = a.id::text AND r.subject_type = 'account'
                  AND r.action = 'ledger.account_opened'
                  AND (r.facts = '' OR (coalesce(round(substring(r.facts,
                          '"overdraft":"(\d{1,18}(?:\.\d{1,18})?)"')::numeric * 100), 0),
                      round(substring(r.facts,
                          '"ceiling":"(\d{1,18}(?:\.\d{1,18})?)"')::numeric * 100))
                      IS NOT DISTINCT FROM (a.overdraft::numeric, a.ceiling::numeric))))
      ) AS fault(kind, is_so)
     WHERE fault.is_so
       AND (a.owner_id IS NOT NULL OR a.parent_id IS NOT NULL OR a.code LIKE '____-___-%%')
    UNION ALL
    SELECT 'debits_are_not_credits', currency, sum(amount * side)::text
      FROM ledger_balance GROUP BY currency HAVING sum(amount * side) <> 0
    UNION ALL
    SELECT fault.kind, t.key::text, ''
      FROM ledger_transfer t
      LEFT JOIN ledger_account d ON d.id = t.debit_id
      LEFT JOIN ledger_account c ON c.id = t.credit_id
      LEFT JOIN closings p ON true
      CROSS JOIN LATERAL (VALUES
          ('currencies_mixed', d.currency <> c.currency),
          ('booked_in_a_closed_month', t.effective <= p.untils[
              width_bucket(t.at - interval '1 microsecond', p.moments)]),
          ('without_cause', t.cause_type = '' OR t.cause_id = ''),
          ('reversal_not_as_caused', t.cause_type = 'reversal'
           AND (t.reverses::text = t.cause_id AND t.code = 'reversal') IS NOT TRUE)
      ) AS fault(kind, is_so)
     WHERE NOT %(are_sound)s AND fault.is_so
    UNION ALL
    SELECT 'reverses_no_such_transfer', r.key::text, r.reverses::text
      FROM ledger_transfer r
      LEFT JOIN ledger_transfer o
        ON o.key = r.reverses AND o.reverses IS NULL
           AND o.debit_id = r.credit_id AND o.credit_id = r.debit_id
     WHERE r.reverses IS NOT NULL AND o.key IS NULL
    UNION ALL
    SELECT 'reversed_too_much', o.key::text, sum(r.amount)::text
      FROM ledger_transfer r JOIN ledger_transfer o ON o.key = r.reverses
     WHERE r.reverses IS NOT NULL
     GROUP BY o.key, o.amount HAVING sum(r.amount) > o.amount
    UNION ALL
    SELECT 'hold_posted_otherwise', h.key::text, e.transfer_id::text
      FROM ledger_holdend e
      JOIN ledger_hold h ON h.key = e.hold_id
      LEFT JOIN closings p ON true
      LEFT JOIN ledger_transfer t
        ON t.key = e.transfer_id AND t.cause_type = 'hold'
           AND t.cause_id = h.key::text AND t.debit_id = h.debit_id
           AND t.credit_id = h.credit_id AND t.amount <= h.amount
           AND t.code = h.code
           -- Or, if that was in a closed month then, the first day that was open.
           AND t.effective = greatest(h.effective, p.untils[
               width_bucket(t.at - interval '1 microsecond', p.moments)] + 1)
     WHERE e.kind = 'posted' AND t.key IS NULL
    UNION ALL
    SELECT 'posted_without_its_hold', t.key::text, t.cause_id
      FROM ledger_transfer t
     WHERE NOT %(are_sound)s AND t.cause_type = 'hold' AND NOT EXISTS (
           SELECT FROM ledger_holdend e
            WHERE e.transfer_id = t.key AND e.hold_id::text = t.cause_id)
)
SELECT kind, subject, detail FROM faults ORDER BY kind, subject, detail LIMIT 1000
