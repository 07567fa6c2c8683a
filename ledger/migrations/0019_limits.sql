-- An account may have a ceiling, and be overdrawn as far as was agreed (its floor). What
-- has a ceiling is judged: the doors for what nothing stands against leave it alone.
CREATE OR REPLACE FUNCTION ledger_book_one(
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
       AND d.ceiling IS NULL AND c.ceiling IS NULL
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

-- Whether each transfer and each subject stands at one place of all its arrays, for they
-- are judged by subscript, which may begin anywhere, and written by `unnest`, which counts
-- from one: with '[0:1]={100000000,1}' one was judged and a million written.
CREATE FUNCTION ledger_counts_from_one(
    accounts uuid[], keys uuid[], debits int[], credits int[], amounts bigint[],
    subjects int[], currencies text[], codes text[], effectives date[],
    cause_types text[], cause_ids text[], metadatas jsonb[]
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (array_ndims(accounts), array_lower(accounts, 1)) = (1, 1)
       AND (array_ndims(keys), array_lower(keys, 1)) = (1, 1)
       AND (array_ndims(currencies), array_lower(currencies, 1)) = (1, 1)
       AND array_dims(keys) = ALL (ARRAY[
               array_dims(debits), array_dims(credits), array_dims(amounts),
               array_dims(subjects)])
       AND array_dims(currencies) = ALL (ARRAY[
               array_dims(codes), array_dims(effectives), array_dims(cause_types),
               array_dims(cause_ids), array_dims(metadatas)])
$$;

CREATE OR REPLACE FUNCTION ledger_book_all(
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
    IF ledger_counts_from_one(accounts, keys, debits, credits, amounts, subjects,
                              currencies, codes, effectives, cause_types, cause_ids,
                              metadatas) IS NOT TRUE
    THEN
        RAISE 'Each transfer is about something.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two batches of many accounts meet at one of the first. Whoever waits there reads
    -- the rest after it, as it then is, instead of following each to its next version.
    PERFORM ledger_lock(VARIADIC accounts[1:16]);
    SELECT * INTO closing FROM ledger_closing c ORDER BY c.id DESC LIMIT 1;
    SELECT array_agg(b.account_id), array_agg(b.ctid), array_agg(b.amount),
           array_agg(b.seq), array_agg(b.floor + b.held), array_agg(b.side),
           bool_and(NOT b.is_frozen AND b.currency = currencies[1]
                    AND b.ceiling IS NULL),
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

CREATE OR REPLACE FUNCTION ledger_post(
    accounts uuid[], keys uuid[], debits int[], credits int[], amounts bigint[],
    subjects int[], currencies text[], codes text[], effectives date[],
    cause_types text[], cause_ids text[], metadatas jsonb[],
    twins int[], linked boolean[], reverses uuid[]
) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- The last three may be left empty, and then have no dimensions.
    IF ledger_counts_from_one(accounts, keys, debits, credits, amounts, subjects,
                              currencies, codes, effectives, cause_types, cause_ids,
                              metadatas) IS NOT TRUE
       OR array_dims(keys) <> ANY (ARRAY[
              array_dims(twins), array_dims(linked), array_dims(reverses)])
       OR (1 <= ALL (subjects) AND cardinality(currencies) >= ALL (subjects)) IS NOT TRUE
       OR array_position(currencies, NULL) IS NOT NULL
    THEN
        RAISE 'Each transfer is about something.'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN ledger_judge(accounts, keys, debits, credits, amounts, subjects, currencies,
                        codes, effectives, cause_types, cause_ids, metadatas, twins,
                        linked, reverses);
END
$$;

CREATE OR REPLACE FUNCTION ledger_judge(
    accounts uuid[], keys uuid[], debits int[], credits int[], amounts bigint[],
    subjects int[], currencies text[], codes text[], effectives date[],
    cause_types text[], cause_ids text[], metadatas jsonb[],
    twins int[], linked boolean[], reverses uuid[]
) RETURNS text[] LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    known int := cardinality(accounts);
    total int := cardinality(keys);
    has_twins boolean := cardinality(twins) > 0;
    has_reversals boolean := cardinality(reverses) > 0;
    balances bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    seqs bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    floors bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    ceilings bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    sides int[] := array_fill(NULL::int, ARRAY[known]);
    money text[] := array_fill(NULL::text, ARRAY[known]);
    frozen boolean[] := array_fill(NULL::boolean, ARRAY[known]);
    was_balances bigint[];
    was_seqs bigint[];
    was_twins int[] := twins;
    debit_seqs bigint[];
    credit_seqs bigint[];
    debit_balances bigint[];
    credit_balances bigint[];
    results text[];
    in_books boolean[];
    -- Of a reversal: may it be at all, where its original is first named here, and what
    -- is left of the original, kept at that place.
    may_reverse boolean[];
    roots int[];
    rests bigint[];
    closed_until date;
    moment timestamptz;
    line record;
    place int := 1;
    subject int;
    debit int;
    credit int;
    amount bigint;
    twin int;
    first int;
    has_failed boolean;
    is_clean boolean;
    verdict text;
    new_debit bigint;
    new_credit bigint;
    violated text;
BEGIN
    IF total = 0 THEN
        RETURN '{}';
    END IF;
    PERFORM ledger_lock(VARIADIC '{}');
    SELECT c.until, c.at + interval '1 microsecond' INTO closed_until, moment
      FROM ledger_closing c ORDER BY c.id DESC LIMIT 1;
    FOR line IN
        SELECT b.account_id, b.amount, b.seq, b.floor + b.held AS floor,
               b.ceiling, b.side, b.currency, b.is_frozen, b.moved_at
          FROM ledger_balance b WHERE b.account_id = ANY (accounts)
         ORDER BY b.account_id FOR NO KEY UPDATE
    LOOP
        WHILE accounts[place] <> line.account_id LOOP
            place := place + 1;
        END LOOP;
        balances[place] := line.amount;
        seqs[place] := line.seq;
        floors[place] := line.floor;
        ceilings[place] := line.ceiling;
        sides[place] := line.side;
        money[place] := line.currency;
        frozen[place] := line.is_frozen;
        moment := greatest(moment, line.moved_at);
    END LOOP;
    moment := greatest(moment, clock_timestamp());
    was_balances := balances;
    was_seqs := seqs;

    -- The first attempt takes every key for new, which the insert proves; only when one
    -- was not, or something was refused, are the keys looked up and all judged again.
    FOR attempt IN 1..10 LOOP
        balances := was_balances;
        seqs := was_seqs;
        twins := was_twins;
        is_clean := true;
        results := array_fill(NULL::text, ARRAY[total]);
        in_books := array_fill(false, ARRAY[total]);
        debit_seqs := array_fill(NULL::bigint, ARRAY[total]);
        credit_seqs := debit_seqs;
        debit_balances := debit_seqs;
        credit_balances := debit_seqs;

        IF attempt > 1 THEN
            -- Looked up under the locks: who had the same keys has committed.
            FOR line IN
                SELECT given.i, ROW(t.debit_id, t.credit_id, t.amount, t.code,
                                    t.effective, t.cause_type, t.cause_id, t.metadata,
                                    t.reverses)
                       IS NOT DISTINCT FROM
                       ROW(accounts[debits[given.i]], accounts[credits[given.i]],
                           amounts[given.i], codes[subjects[given.i]]::varchar,
                           effectives[subjects[given.i]],
                           cause_types[subjects[given.i]]::varchar,
                           cause_ids[subjects[given.i]]::varchar,
                           metadatas[subjects[given.i]], reverses[given.i]) AS is_same,
                       a.currency = currencies[subjects[given.i]] AS same_currency
                  FROM (SELECT o.i::int, o.key
                          FROM unnest(keys) WITH ORDINALITY o(key, i)) AS given
                  JOIN ledger_transfer t ON t.key = given.key
                  LEFT JOIN ledger_account a ON a.id = t.debit_id
            LOOP
                in_books[line.i] := true;
                IF line.is_same AND line.same_currency THEN
                    results[line.i] := 'already_posted';
                ELSE
                    results[line.i] := 'key_reused';
                END IF;
            END LOOP;
        END IF;

        IF has_reversals THEN
            may_reverse := array_fill(false, ARRAY[total]);
            roots := array_fill(NULL::int, ARRAY[total]);
            rests := array_fill(NULL::bigint, ARRAY[total]);
            -- Both touch the same two accounts, so no other reversal is under way.
            FOR line IN
                SELECT given.i, min(given.i) OVER (PARTITION BY o.key) AS root,
                       o.reverses IS NULL
                       AND o.debit_id = accounts[credits[given.i]]
                       AND o.credit_id = accounts[debits[given.i]] AS is_swapped,
                       o.amount - coalesce((SELECT sum(r.amount) FROM ledger_transfer r
                                             WHERE r.reverses = o.key), 0) AS rest
                  FROM (SELECT u.i::int, u.original
                          FROM unnest(reverses) WITH ORDINALITY u(original, i)) AS given
                  JOIN ledger_transfer o ON o.key = given.original
            LOOP
                may_reverse[line.i] := line.is_swapped;
                roots[line.i] := line.root;
                rests[line.i] := line.rest;
            END LOOP;
        END IF;

        first := 1;
        has_failed := false;
        FOR i IN 1..total LOOP
            verdict := results[i];
            IF verdict IS NULL THEN
                subject := subjects[i];
                debit := debits[i];
                credit := credits[i];
                amount := amounts[i];
                twin := 0;
                IF has_twins THEN
                    twin := twins[i];
                    WHILE twin > 0 AND results[twin] <> 'posted' LOOP
                        twin := twins[twin];
                    END LOOP;
                    twins[i] := twin;  -- nobody walks the same way again
                END IF;
                IF twin > 0 THEN
                    IF debits[twin] = debit AND credits[twin] = credit
                       AND amounts[twin] = amount AND subjects[twin] = subject
                       AND reverses[twin] IS NOT DISTINCT FROM reverses[i]
                    THEN
                        verdict := 'already_posted';
                    ELSE
                        verdict := 'key_reused';
                    END IF;
                ELSIF has_failed THEN
                    verdict := 'linked_failed';
                ELSIF seqs[debit] IS NULL OR seqs[credit] IS NULL THEN
                    verdict := 'unknown_account';
                ELSIF money[debit] <> currencies[subject]
                      OR money[credit] <> currencies[subject] THEN
                    verdict := 'other_currency';
                ELSIF frozen[debit] OR frozen[credit] THEN
                    verdict := 'frozen';
                ELSIF effectives[subject] <= closed_until THEN
                    verdict := 'period_closed';
                ELSIF has_reversals AND reverses[i] IS NOT NULL
                      AND NOT may_reverse[i] THEN
                    verdict := 'not_reversible';
                ELSIF has_reversals AND amount > rests[roots[i]] THEN
                    verdict := 'exceeds_original';
                ELSE
                    new_debit := balances[debit] + sides[debit] * amount;
                    new_credit := balances[credit] - sides[credit] * amount;
                    IF new_debit < floors[debit] OR new_credit < floors[credit] THEN
                        verdict := 'insufficient_funds';
                    ELSIF new_debit > ceilings[debit]
                          OR new_credit > ceilings[credit] THEN
                        verdict := 'above_ceiling';
                    ELSE
                        verdict := 'posted';
                        balances[debit] := new_debit;
                        balances[credit] := new_credit;
                        seqs[debit] := seqs[debit] + 1;
                        seqs[credit] := seqs[credit] + 1;
                        debit_seqs[i] := seqs[debit];
                        credit_seqs[i] := seqs[credit];
                        debit_balances[i] := new_debit;
                        credit_balances[i] := new_credit;
                        IF has_reversals AND reverses[i] IS NOT NULL THEN
                            rests[roots[i]] := rests[roots[i]] - amount;
                        END IF;
                    END IF;
                END IF;
                results[i] := verdict;
            END IF;

            IF verdict NOT IN ('posted', 'already_posted') AND NOT has_failed THEN
                has_failed := true;
                is_clean := false;
                -- Take back what the group has done, and what leaned on it.
                FOR j IN first..i - 1 LOOP
                    twin := 0;
                    IF has_twins THEN
                        twin := twins[j];
                        WHILE twin > 0 AND results[twin] <> 'posted' LOOP
                            twin := twins[twin];
                        END LOOP;
                    END IF;
                    IF results[j] = 'posted' THEN
                        balances[debits[j]] := balances[debits[j]]
                            - sides[debits[j]] * amounts[j];
                        balances[credits[j]] := balances[credits[j]]
                            + sides[credits[j]] * amounts[j];
                        seqs[debits[j]] := seqs[debits[j]] - 1;
                        seqs[credits[j]] := seqs[credits[j]] - 1;
                        IF has_reversals AND reverses[j] IS NOT NULL THEN
                            rests[roots[j]] := rests[roots[j]] + amounts[j];
                        END IF;
                        results[j] := 'linked_failed';
                    ELSIF NOT in_books[j] AND twin = 0 THEN
                        results[j] := 'linked_failed';
                    END IF;
                END LOOP;
            END IF;
            IF linked[i] IS NOT TRUE THEN
                first := i + 1;
                has_failed := false;
            END IF;
        END LOOP;
        CONTINUE WHEN attempt = 1 AND NOT is_clean;

        BEGIN
            INSERT INTO ledger_transfer (
                key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,
                credit_balance, at, effective, code, cause_type, cause_id, metadata,
                reverses
            )
            SELECT t.key, accounts[t.debit], accounts[t.credit], t.amount, t.debit_seq,
                   t.credit_seq, t.debit_balance, t.credit_balance, moment, s.effective,
                   s.code, s.cause_type, s.cause_id, s.metadata, t.original
              FROM unnest(keys, debits, credits, amounts, subjects, debit_seqs,
                          credit_seqs, debit_balances, credit_balances, results,
                          reverses)
                   AS t(key, debit, credit, amount, subject, debit_seq,
                        credit_seq, debit_balance, credit_balance, result, original)
              JOIN unnest(codes, effectives, cause_types, cause_ids, metadatas)
                   WITH ORDINALITY
                   AS s(code, effective, cause_type, cause_id, metadata, place)
                ON s.place = t.subject
             WHERE t.result = 'posted'
             ORDER BY t.key;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            -- Somebody on other accounts has just committed one of our keys, or has
            -- long since: look. Two transfers of one number on an account would be a
            -- defect: let it rise.
            GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
            IF violated <> 'ledger_transfer_pkey' OR attempt = 10 THEN
                RAISE;
            END IF;
        END;
    END LOOP;

    UPDATE ledger_balance b
       SET amount = t.amount, seq = t.seq, moved_at = moment
      FROM unnest(accounts, balances, seqs) AS t(id, amount, seq)
     WHERE b.account_id = t.id AND b.seq < t.seq;
    RETURN results;
END
$$;

-- As before, but on the first day that is open, if the hold's own is in a month that was
-- closed meanwhile; its own is kept beside the transfer.
CREATE OR REPLACE FUNCTION ledger_end_hold(
    id uuid, how text, moment timestamptz, transfer uuid, part bigint
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    h ledger_hold;
    was ledger_holdend;
    minor bigint;
    day date;
    result text;
BEGIN
    SELECT * INTO h FROM ledger_hold WHERE key = id;
    IF NOT FOUND THEN
        RETURN 'hold_not_found';
    END IF;
    minor := coalesce(part, h.amount);
    PERFORM ledger_lock(h.debit_id, h.credit_id);
    SELECT * INTO was FROM ledger_holdend e WHERE e.hold_id = id;
    IF FOUND THEN
        IF was.kind = how AND was.transfer_id IS NOT DISTINCT FROM transfer
           AND (transfer IS NULL OR EXISTS (SELECT FROM ledger_transfer t
                 WHERE t.key = transfer AND t.amount = minor)) THEN
            RETURN 'already_posted';
        END IF;
        RETURN 'hold_ended';
    ELSIF how = 'posted' AND h.expires_at <= moment THEN
        RETURN 'hold_expired';
    ELSIF minor > h.amount THEN
        RETURN 'exceeds_original';
    END IF;
    UPDATE ledger_balance b SET held = b.held - h.amount
     WHERE b.account_id = h.debit_id AND b.side < 0
        OR b.account_id = h.credit_id AND b.side > 0;
    INSERT INTO ledger_holdend (hold_id, kind, transfer_id, at)
    VALUES (id, how, transfer, clock_timestamp());
    IF how = 'posted' THEN
        day := greatest(h.effective, (
            SELECT c.until + 1 FROM ledger_closing c ORDER BY c.id DESC LIMIT 1));
        result := (ledger_post(
            ARRAY[least(h.debit_id, h.credit_id), greatest(h.debit_id, h.credit_id)],
            ARRAY[transfer],
            ARRAY[CASE WHEN h.debit_id < h.credit_id THEN 1 ELSE 2 END],
            ARRAY[CASE WHEN h.debit_id < h.credit_id THEN 2 ELSE 1 END],
            ARRAY[minor], ARRAY[1],
            ARRAY[(SELECT a.currency FROM ledger_account a WHERE a.id = h.debit_id)],
            ARRAY[h.code], ARRAY[day], ARRAY['hold'], ARRAY[id::text],
            ARRAY[CASE WHEN day = h.effective THEN '{}'::jsonb
                       ELSE jsonb_build_object('day', h.effective) END], '{}', '{}', '{}'
        ))[1];
        IF result <> 'posted' THEN
            RAISE SQLSTATE 'LH001';  -- takes back the end and the release
        END IF;
    END IF;
    RETURN 'posted';
EXCEPTION WHEN SQLSTATE 'LH001' THEN
    RETURN result;
END
$$;
