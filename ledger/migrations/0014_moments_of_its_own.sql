-- An account begins empty, and without a moment: transfers are never dated before it, so
-- one opened in the future would draw the books there.
CREATE OR REPLACE TRIGGER balance_begins_empty BEFORE INSERT ON ledger_balance
    FOR EACH ROW WHEN (NEW.amount <> 0 OR NEW.held <> 0 OR NEW.seq <> 0
                       OR NEW.moved_at IS NOT NULL)
    EXECUTE FUNCTION ledger_begin_empty();
ALTER TABLE ledger_balance ENABLE ALWAYS TRIGGER balance_begins_empty;

-- Nor are transfers dated before the newest closing. So whoever adds one does not say
-- when that was: it is later than whatever was booked or closed before, also when the
-- clock was set back, and the lock of whoever posts (`ledger_lock`) is taken alone.
CREATE FUNCTION ledger_date_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4715200);
    NEW.at := greatest(
        clock_timestamp(),
        (SELECT max(moved_at) FROM ledger_balance),
        (SELECT max(at) + interval '1 microsecond' FROM ledger_closing)
    );
    RETURN NEW;
END
$$;
CREATE TRIGGER closing_is_dated_here BEFORE INSERT ON ledger_closing
    FOR EACH ROW EXECUTE FUNCTION ledger_date_closing();
ALTER TABLE ledger_closing ENABLE ALWAYS TRIGGER closing_is_dated_here;

-- As before, but locked first: whoever called it while others posted counted without the
-- transfers it had waited for. The second statement sees what they have committed.
CREATE OR REPLACE FUNCTION ledger_recount(accounts uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT FROM ledger_balance b WHERE b.account_id = ANY (accounts)
     ORDER BY b.account_id FOR NO KEY UPDATE;
    UPDATE ledger_balance live SET amount = told.amount, seq = told.seq
      FROM (SELECT b.account_id, coalesce(max(e.seq), 0) AS seq, coalesce(sum(
                       CASE WHEN e.is_debit THEN e.amount ELSE -e.amount END * b.side
                   ), 0) AS amount
              FROM ledger_balance b LEFT JOIN ledger_entry e USING (account_id)
             WHERE b.account_id = ANY (accounts)
             GROUP BY b.account_id) told
     WHERE live.account_id = told.account_id
$$;

-- The programs that called it ask `ledger_book_one` since 0013.
DROP FUNCTION ledger_post_one;
