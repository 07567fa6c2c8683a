-- Book one transfer that nothing stands against, and say so; else do nothing, say false
-- and leave it to `ledger_post` to judge. A single transfer pays for every expression it
-- evaluates, because PL/pgSQL prepares them anew in each transaction: ledger_post, made
-- for a thousand, takes twice as long. The locks and their order are `ledger_lock`'s.
CREATE FUNCTION ledger_post_one(
    transfer uuid, debit uuid, credit uuid, minor bigint, money text, kind text,
    day date, cause_kind text, cause text, about jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    d ledger_balance;
    c ledger_balance;
    closing ledger_closing;
    moment timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM ledger_lock(VARIADIC '{}');  -- refuses
    END IF;
    PERFORM pg_advisory_xact_lock_shared(4715200);
    SELECT * INTO closing FROM ledger_closing p ORDER BY p.id DESC LIMIT 1;
    IF debit < credit THEN
        SELECT * INTO d FROM ledger_balance WHERE account_id = debit FOR NO KEY UPDATE;
        SELECT * INTO c FROM ledger_balance WHERE account_id = credit FOR NO KEY UPDATE;
    ELSE
        SELECT * INTO c FROM ledger_balance WHERE account_id = credit FOR NO KEY UPDATE;
        SELECT * INTO d FROM ledger_balance WHERE account_id = debit FOR NO KEY UPDATE;
    END IF;
    d.amount := d.amount + d.side * minor;
    c.amount := c.amount - c.side * minor;
    IF d.currency = money AND c.currency = money
       AND NOT d.is_frozen AND NOT c.is_frozen
       AND (closing.until IS NULL OR day > closing.until)
       AND (d.floor IS NULL OR d.amount >= d.floor + d.held)
       AND (c.floor IS NULL OR c.amount >= c.floor + c.held)
    THEN
        moment := greatest(d.moved_at, c.moved_at, clock_timestamp(),
                           closing.at + interval '1 microsecond');
        BEGIN
            INSERT INTO ledger_transfer (
                key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,
                credit_balance, at, effective, code, cause_type, cause_id, metadata
            ) VALUES (
                transfer, debit, credit, minor, d.seq + 1, c.seq + 1, d.amount,
                c.amount, moment, day, kind, cause_kind, cause, about
            );
        EXCEPTION WHEN unique_violation THEN
            RETURN false;  -- ledger_post sees whose key it is
        END;
        UPDATE ledger_balance SET amount = d.amount, seq = d.seq + 1,
               moved_at = moment WHERE account_id = debit;
        UPDATE ledger_balance SET amount = c.amount, seq = c.seq + 1,
               moved_at = moment WHERE account_id = credit;
        RETURN true;
    END IF;
    RETURN false;
END
$$;
