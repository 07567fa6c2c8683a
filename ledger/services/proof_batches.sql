-- A share of the batches beside the journal. What one call has posted has one moment; a
-- line is as `posting.digest_of` writes it. Rows lie in the order of their moments, so
-- that sorting by these first is quick.
WITH batches AS (
    SELECT cause_id, encode(sha256(convert_to(string_agg(concat_ws(
               ' ', key, debit_id, credit_id, amount, effective, code,
               coalesce(reverses::text, '-')) || chr(10), '' ORDER BY key),
               'UTF8')), 'hex') AS digest
      FROM ledger_transfer
     WHERE cause_type = 'batch'
       AND (%(parts)s = 1 OR abs(hashtext(cause_id) %% %(parts)s) = %(part)s)
     GROUP BY at, cause_id
), journal AS (
    SELECT subject_id, facts::jsonb ->> 'digest' AS digest
      FROM audit_record
     WHERE action = 'ledger.batch_posted'
       AND (%(parts)s = 1 OR abs(hashtext(subject_id) %% %(parts)s) = %(part)s)
)
SELECT 'batch_not_as_journaled', coalesce(b.cause_id, j.subject_id),
       CASE WHEN b.cause_id IS NULL THEN 'not in the books'
            ELSE 'not in the journal' END
  FROM batches b
  FULL JOIN journal j ON j.subject_id = b.cause_id AND j.digest = b.digest
 WHERE b.cause_id IS NULL OR j.subject_id IS NULL
 ORDER BY 2, 3 LIMIT 1000
