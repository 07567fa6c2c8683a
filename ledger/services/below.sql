-- The next accounts of a heading, by code, with what was on each: as in reports.sql, but
-- the legs that came later are looked up account by account.
SELECT a.id, a.code, a.name, a.kind, a.currency, 0 AS accounts,
       greatest(stood.debit, 0) AS debit, greatest(-stood.debit, 0) AS credit
  FROM (SELECT * FROM ledger_account
         WHERE parent_id = %(heading)s AND code > %(after)s
         ORDER BY code LIMIT %(limit)s) a
  JOIN ledger_balance b ON b.account_id = a.id
 CROSS JOIN LATERAL (
    SELECT b.amount * b.side - coalesce(sum(
               CASE WHEN e.is_debit THEN e.amount ELSE -e.amount END), 0) AS debit
      FROM ledger_entry e
     WHERE e.account_id = a.id AND e.seq > ledger_seq_at(a.id, %(since)s)
       AND (%(day)s::date IS NULL OR e.effective > %(day)s)
 ) stood
 ORDER BY a.code
