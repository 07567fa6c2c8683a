-- Book a batch of which nothing stands against any transfer, and say when; else do
-- nothing, say NULL and leave it to `ledger_post` to judge. Parameters and locks are
-- its own. Accounts are read and checked all at once and no verdict is kept of a
-- transfer, which leaves half of the steps that ledger_post takes for each.
--
-- Balances are the busiest pages there are, always in memory: told that pages cost
-- nothing, PostgreSQL goes to each row instead of reading them all.
CREATE FUNCTION ledger_book_all(
    accounts uuid[], keys uuid[], debits int[], credits int[], amounts bigint[],
    subjects int[], currencies text[], codes text[], effectives date[],
    cause_types text[], cause_ids text[], metadatas jsonb[]
) RETURNS timestamptz
LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET random_page_cost = 0 AS $$
#variable_conflict use_variable
DECLARE
    known uuid[];
    rows tid[];
    balances bigint[];
    seqs bigint[];
    floors bigint[];
    sides int[];
    debit_seqs bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(keys)]);
    credit_seqs bigint[] := debit_seqs;
    debit_balances bigint[] := debit_seqs;
    credit_balances bigint[] := debit_seqs;
    closing ledger_closing;
    moment timestamptz;
    is_open boolean;
    debit int;
    credit int;
    amount bigint;
    new_debit bigint;
    new_credit bigint;
    written bigint;
BEGIN
    -- Two batches of many accounts meet at one of the first. Whoever waits there reads
    -- the rest after it, as it then is, instead of following each to its next version.
    PERFORM ledger_lock(VARIADIC accounts[1:16]);
    SELECT * INTO closing FROM ledger_closing c ORDER BY c.id DESC LIMIT 1;
    SELECT array_agg(b.account_id), array_agg(b.ctid), array_agg(b.amount),
           array_agg(b.seq), array_agg(b.floor + b.held), array_agg(b.side),
           bool_and(NOT b.is_frozen AND b.currency = currencies[1]),
           greatest(max(b.moved_at), clock_timestamp(),
                    closing.at + interval '1 microsecond')
      INTO known, rows, balances, seqs, floors, sides, is_open, moment
      FROM (SELECT b.ctid, b.* FROM ledger_balance b
             WHERE b.account_id = ANY (accounts)
             ORDER BY b.account_id FOR NO KEY UPDATE) AS b;
    IF known IS DISTINCT FROM accounts OR is_open IS NOT TRUE
       OR currencies[1] <> ANY (currencies) OR closing.until >= ANY (effectives)
    THEN
        RETURN NULL;
    END IF;

    FOR i IN 1..cardinality(keys) LOOP
        debit := debits[i];
        credit := credits[i];
        amount := amounts[i];
        new_debit := balances[debit] + sides[debit] * amount;
        new_credit := balances[credit] - sides[credit] * amount;
        IF new_debit < floors[debit] OR new_credit < floors[credit] THEN
            RETURN NULL;
        END IF;
        balances[debit] := new_debit;
        balances[credit] := new_credit;
        seqs[debit] := seqs[debit] + 1;
        seqs[credit] := seqs[credit] + 1;
        debit_seqs[i] := seqs[debit];
        credit_seqs[i] := seqs[credit];
        debit_balances[i] := new_debit;
        credit_balances[i] := new_credit;
    END LOOP;

    BEGIN
        INSERT INTO ledger_transfer (
            key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,
            credit_balance, at, effective, code, cause_type, cause_id, metadata
        )
        SELECT t.key, accounts[t.debit], accounts[t.credit], t.amount, t.debit_seq,
               t.credit_seq, t.debit_balance, t.credit_balance, moment, s.effective,
               s.code, s.cause_type, s.cause_id, s.metadata
          FROM unnest(keys, debits, credits, amounts, subjects, debit_seqs,
                      credit_seqs, debit_balances, credit_balances)
               AS t(key, debit, credit, amount, subject, debit_seq, credit_seq,
                    debit_balance, credit_balance)
          JOIN unnest(codes, effectives, cause_types, cause_ids, metadatas)
               WITH ORDINALITY
               AS s(code, effective, cause_type, cause_id, metadata, place)
            ON s.place = t.subject
         ORDER BY t.key;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written <> cardinality(keys) THEN
            RAISE 'What changes a balance is a transfer.'
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
    EXCEPTION WHEN unique_violation THEN
        RETURN NULL;  -- ledger_post sees whose key it is
    END;
    UPDATE ledger_balance b SET amount = t.amount, seq = t.seq, moved_at = moment
      FROM unnest(rows, balances, seqs) AS t(place, amount, seq)
     WHERE b.ctid = t.place;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(accounts) THEN
        RAISE 'A balance has gone from where it was locked.';
    END IF;
    RETURN moment;
END
$$;

-- Book one transfer that nothing stands against, and say when, so that whoever answers
-- with it need not read it again; else do nothing, say NULL and leave it to `ledger_post`.
-- A single transfer pays for every expression it evaluates, because PL/pgSQL prepares them
-- anew in each transaction. The locks and their order are `ledger_lock`'s.
CREATE FUNCTION ledger_book_one(
    transfer uuid, debit uuid, credit uuid, minor bigint, money text, kind text,
    day date, cause_kind text, cause text, about jsonb
) RETURNS timestamptz
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
            RETURN NULL;  -- ledger_post sees whose key it is
        END;
        UPDATE ledger_balance SET amount = d.amount, seq = d.seq + 1,
               moved_at = moment WHERE account_id = debit;
        UPDATE ledger_balance SET amount = c.amount, seq = c.seq + 1,
               moved_at = moment WHERE account_id = credit;
        RETURN moment;
    END IF;
    RETURN NULL;
END
$$;

-- Programs of before go on with it: whether it was booked.
CREATE OR REPLACE FUNCTION ledger_post_one(
    transfer uuid, debit uuid, credit uuid, minor bigint, money text, kind text,
    day date, cause_kind text, cause text, about jsonb
) RETURNS boolean LANGUAGE sql AS $$
    SELECT ledger_book_one(transfer, debit, credit, minor, money, kind, day, cause_kind,
                           cause, about) IS NOT NULL
$$;

-- Whoever calls it may be an intruder with the application's password. A transfer whose
-- subject is nowhere would be left out of the books, yet not out of the balances; without
-- a currency it would pass from one to another.
ALTER FUNCTION ledger_post RENAME TO ledger_judge;
ALTER FUNCTION ledger_judge SECURITY INVOKER;
CREATE FUNCTION ledger_post(
    accounts uuid[], keys uuid[], debits int[], credits int[], amounts bigint[],
    subjects int[], currencies text[], codes text[], effectives date[],
    cause_types text[], cause_ids text[], metadatas jsonb[],
    twins int[], linked boolean[], reverses uuid[]
) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (1 <= ALL (subjects) AND cardinality(currencies) >= ALL (subjects)) IS NOT TRUE
       OR cardinality(subjects) <> cardinality(keys)
       OR array_position(currencies, NULL) IS NOT NULL
       OR cardinality(currencies) <> ALL (ARRAY[
              cardinality(codes), cardinality(effectives), cardinality(cause_types),
              cardinality(cause_ids), cardinality(metadatas)])
    THEN
        RAISE 'Each transfer is about something.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN ledger_judge(accounts, keys, debits, credits, amounts, subjects, currencies,
                        codes, effectives, cause_types, cause_ids, metadatas, twins,
                        linked, reverses);
END
$$;
