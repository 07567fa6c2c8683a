-- Of the books the application's role writes no number itself: these functions do, as
-- their owner, and judge before they write. audit/rights.sql takes the rest from it.
ALTER FUNCTION ledger_post SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION ledger_reserve SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION ledger_end_hold SECURITY DEFINER SET search_path = public, pg_temp;

-- Set balances to what their transfers tell. It takes no number from its caller.
CREATE FUNCTION ledger_recount(accounts uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE ledger_balance live SET amount = told.amount, seq = told.seq
      FROM (SELECT b.account_id, coalesce(max(e.seq), 0) AS seq, coalesce(sum(
                       CASE WHEN e.is_debit THEN e.amount ELSE -e.amount END * b.side
                   ), 0) AS amount
              FROM ledger_balance b LEFT JOIN ledger_entry e USING (account_id)
             WHERE b.account_id = ANY (accounts)
             GROUP BY b.account_id) told
     WHERE live.account_id = told.account_id
$$;

-- Who may open an account may not open it with money on it.
CREATE FUNCTION ledger_begin_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'An account begins empty.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'balance_begins_empty';
END
$$;
CREATE TRIGGER balance_begins_empty BEFORE INSERT ON ledger_balance
    FOR EACH ROW WHEN (NEW.amount <> 0 OR NEW.held <> 0 OR NEW.seq <> 0)
    EXECUTE FUNCTION ledger_begin_empty();
ALTER TABLE ledger_balance ENABLE ALWAYS TRIGGER balance_begins_empty;
