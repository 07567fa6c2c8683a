-- A share of what people had posted beside what the journal says of it: of a batch or an
-- entry its digest, of a hold the amount, of a reversal also what it takes back and, where
-- its record tells it, the effective day. What one call has posted has one moment; a line
-- is as `batches.digest_of` writes it. Rows lie in the order of their moments, so that
-- sorting by these first is quick. Records whose words were pruned stand for as many.
-- The journal may hold what is no JSON and no number, which a cast would end this by: so
-- facts are searched as text. Of what a person wrote, every quotation mark is escaped.
--
-- Of a month each closing is counted beside its records, by who did it: no words of a
-- record are needed for that, so none are missed.
WITH booked AS (
    SELECT 'ledger.batch_posted' AS action, cause_id AS subject,
           encode(sha256(convert_to(string_agg(concat_ws(
               ' ', key, debit_id, credit_id, amount, effective, code,
               coalesce(reverses::text, '-')) || chr(10), '' ORDER BY key),
               'UTF8')), 'hex') AS said, NULL AS day
      FROM ledger_transfer
     WHERE cause_type IN ('batch', 'entry')
       AND (%(parts)s = 1 OR abs(hashtext(cause_id) %% %(parts)s) = %(part)s)
     GROUP BY at, cause_id
     UNION ALL
    SELECT 'ledger.transfer_reversed', key::text, concat_ws(' ', amount, reverses),
           effective::text
      FROM ledger_transfer WHERE cause_type = 'reversal' AND %(part)s = 0
     UNION ALL
    SELECT 'ledger.hold_posted', cause_id, amount::text, NULL
      FROM ledger_transfer WHERE cause_type = 'hold' AND %(part)s = 0
), journal AS (
    SELECT action, subject_id AS subject, nullif(facts, '') AS facts
      FROM audit_record
     WHERE action = 'ledger.batch_posted'
       AND (%(parts)s = 1 OR abs(hashtext(subject_id) %% %(parts)s) = %(part)s)
        OR action IN ('ledger.transfer_reversed', 'ledger.hold_posted')
       AND %(part)s = 0
), told AS (
    SELECT action, subject, coalesce(
               substring(facts, '"digest":"([^"]*)"'),
               concat_ws(' ', round(substring(
                   facts, '"amount":"(\d{1,18}(?:\.\d{1,18})?)"')::numeric * 100),
                   substring(facts, '"original":"([^"]*)"'))
           ) AS said, substring(facts, '"effective":"([^"]*)"') AS day
      FROM journal WHERE facts IS NOT NULL
), pruned AS (
    SELECT action, subject, count(*) AS times
      FROM journal WHERE facts IS NULL GROUP BY action, subject
), odd AS (
    SELECT action, subject, b.said IS NULL AS is_unbooked,
           count(b.said) OVER (PARTITION BY action, subject) AS unmatched
      FROM booked b FULL JOIN told j USING (action, subject, said)
     WHERE b.said IS NULL OR j.said IS NULL OR b.day <> j.day
), months AS (
    SELECT 'ledger.' || CASE kind WHEN 'closed' THEN 'month_closed'
                                  WHEN 'asked' THEN 'reopening_asked'
                                  ELSE 'month_reopened' END AS action,
           to_char(month, 'YYYY-MM') AS subject,
           coalesce(approved_by_id, by_id) AS actor, 1 AS one
      FROM ledger_closing
     UNION ALL
    SELECT action, subject_id, actor_id, -1
      FROM audit_record
     WHERE action IN ('ledger.month_closed', 'ledger.reopening_asked',
                      'ledger.month_reopened')
)
SELECT 'not_as_journaled' AS kind, subject,
       CASE WHEN is_unbooked THEN 'not in the books' ELSE 'not in the journal' END AS seen
  FROM odd LEFT JOIN pruned USING (action, subject)
 WHERE is_unbooked OR unmatched > coalesce(pruned.times, 0)
 UNION ALL
SELECT 'month_not_as_journaled', subject,
       CASE WHEN sum(one) < 0 THEN 'not in the books' ELSE 'not in the journal' END
  FROM months WHERE %(part)s = 0
 GROUP BY action, subject, actor HAVING sum(one) <> 0
 ORDER BY kind, subject, seen LIMIT 1000
