-- Whether a share of the legs is sound; proof.sql names what is not.
--
-- Accounts are laid end to end by the numbers that their balances say they have: in whole
-- books every leg then has a place of its own and no place from 1 to the last is empty. So
-- the legs are sorted by one number, and cut into shares of one size however busy an
-- account is. A share begins with the last leg of the one before, which it follows.
WITH standing AS MATERIALIZED (
    SELECT b.account_id, b.side, b.floor, b.ceiling, b.amount, b.seq AS last, a.currency,
           (sum(b.seq) OVER (ORDER BY b.account_id) - b.seq)::bigint AS ahead
      FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
), share AS MATERIALIZED (
    SELECT whole * %(part)s / %(parts)s AS first,
           whole * (%(part)s + 1) / %(parts)s AS last
      FROM (SELECT coalesce(sum(seq), 0)::bigint AS whole FROM ledger_balance) AS legs
), closings AS (
    -- What was closed until when, to be looked up by the moment of a booking.
    SELECT array_agg(at ORDER BY id) AS moments, array_agg(until ORDER BY id) AS untils
      FROM ledger_closing HAVING count(*) > 0
), legs AS (
    SELECT d.ahead + t.debit_seq AS place, t.at, t.debit_balance AS balance,
           CASE WHEN t.debit_seq > 1 THEN t.debit_balance - d.side * t.amount END AS was,
           t.debit_seq BETWEEN 1 AND d.last
           AND (t.debit_seq > 1 OR t.debit_balance = d.side * t.amount)
           AND (t.debit_seq < d.last OR t.debit_balance = d.amount)
           AND (t.debit_balance < d.floor OR t.debit_balance > d.ceiling) IS NOT TRUE
           AND d.currency = c.currency AND t.cause_type <> '' AND t.cause_id <> ''
           AND coalesce(t.effective > p.untils[
               width_bucket(t.at - interval '1 microsecond', p.moments)], true)
           AND (t.cause_type <> 'reversal'
                OR coalesce(t.reverses::text = t.cause_id AND t.code = 'reversal', false))
           AND (t.cause_type <> 'hold' OR (t.key, t.cause_id::text) IN (
               SELECT e.transfer_id, e.hold_id::text FROM ledger_holdend e
                WHERE e.transfer_id IS NOT NULL)) AS is_sound
      FROM ledger_transfer t
      LEFT JOIN standing d ON d.account_id = t.debit_id
      LEFT JOIN standing c ON c.account_id = t.credit_id
      LEFT JOIN closings p ON true
    UNION ALL
    SELECT c.ahead + t.credit_seq, t.at, t.credit_balance,
           CASE WHEN t.credit_seq > 1 THEN t.credit_balance + c.side * t.amount END,
           t.credit_seq BETWEEN 1 AND c.last
           AND (t.credit_seq > 1 OR t.credit_balance = -c.side * t.amount)
           AND (t.credit_seq < c.last OR t.credit_balance = c.amount)
           AND (t.credit_balance < c.floor OR t.credit_balance > c.ceiling) IS NOT TRUE
      FROM ledger_transfer t
      LEFT JOIN standing c ON c.account_id = t.credit_id
), beside AS (
    SELECT place, at, balance, was, is_sound,
           lag(place) OVER line AS place_before, lag(at) OVER line AS at_before,
           lag(balance) OVER line AS balance_before
      FROM legs
     -- Whatever has no place, or one outside, is of the first or the last share.
     WHERE greatest(coalesce(place, 0), 0) >= (SELECT first FROM share)
       AND (%(part)s + 1 = %(parts)s OR coalesce(place, 0) <= (SELECT last FROM share))
    WINDOW line AS (ORDER BY place)
)
SELECT coalesce(bool_and(
           is_sound IS TRUE
           AND place = coalesce(place_before, (SELECT greatest(first, 1) - 1 FROM share)) + 1
           AND (was IS NULL OR place_before IS NULL
                OR was = balance_before AND at >= at_before)), true)
       AND coalesce(max(place), 0) = (SELECT last FROM share)
       AND NOT EXISTS (SELECT FROM standing s
                        WHERE s.last < 0 OR s.last = 0 AND s.amount <> 0)
  FROM beside
