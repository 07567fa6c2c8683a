-- Holds, their ends and the closings are only ever added to.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_hold
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_holdend
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_holdend
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_closing
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_closing
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE ledger_hold ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_hold ENABLE ALWAYS TRIGGER append_only_table;
ALTER TABLE ledger_holdend ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_holdend ENABLE ALWAYS TRIGGER append_only_table;
ALTER TABLE ledger_closing ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_closing ENABLE ALWAYS TRIGGER append_only_table;

-- The locks of whoever posts, in the one order in which nobody waits for another in a
-- circle: first the shared one that whoever closes a month takes alone
-- (services/periods.py), then the balances in the order of their accounts.
CREATE FUNCTION ledger_lock(VARIADIC accounts uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- An older snapshot would not show what was committed while a lock was waited for.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'The books are posted to under READ COMMITTED only.'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(4715200);
    PERFORM FROM ledger_balance b WHERE b.account_id = ANY (accounts)
      ORDER BY b.account_id FOR NO KEY UPDATE;
END
$$;

-- Post transfers in their order and say of each what became of it, in this order of
-- precedence: already_posted or key_reused, unknown_account, other_currency, frozen,
-- period_closed, not_reversible, exceeds_original, insufficient_funds, posted; and
-- linked_failed where another of its group failed.
--
-- `accounts` names every account once, ascending; `debits` and `credits` are places in
-- it. `subjects` are places in the six arrays after it: what many transfers of a batch
-- have in common is sent once. The last three arrays are empty where nobody needs them:
-- `twins` is the place of the transfer before with the same key, or 0; `linked` ties a
-- transfer to the next one; `reverses` names what a transfer takes back. One statement:
-- either all of it is in the books or, if the process dies, nothing is.
--
-- No deadlock: after the locks of `ledger_lock`, keys are inserted in their order, and
-- whoever waits for a key waits for nobody's balance.
CREATE FUNCTION ledger_post(
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
        SELECT b.account_id, b.amount, b.seq, b.floor + b.held AS floor, b.side,
               b.currency, b.is_frozen, b.moved_at
          FROM ledger_balance b WHERE b.account_id = ANY (accounts)
         ORDER BY b.account_id FOR NO KEY UPDATE
    LOOP
        WHILE accounts[place] <> line.account_id LOOP
            place := place + 1;
        END LOOP;
        balances[place] := line.amount;
        seqs[place] := line.seq;
        floors[place] := line.floor;
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

-- Reserve the amount of a transfer that may come on each account it would shrink; the
-- outcomes of `ledger_post`, `posted` when it is held now.
CREATE FUNCTION ledger_reserve(
    id uuid, debit uuid, credit uuid, minor bigint, money text, kind text,
    day date, cause_kind text, cause text, until timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    was ledger_hold;
    d ledger_balance;
    c ledger_balance;
BEGIN
    PERFORM ledger_lock(debit, credit);
    SELECT * INTO was FROM ledger_hold h WHERE h.key = id;
    IF FOUND THEN
        SELECT * INTO d FROM ledger_balance b WHERE b.account_id = debit;
        RETURN CASE WHEN ROW(was.debit_id, was.credit_id, was.amount, was.code,
                             was.effective, was.cause_type, was.cause_id,
                             was.expires_at, d.currency)
                         IS NOT DISTINCT FROM
                         ROW(debit, credit, minor, kind::varchar, day,
                             cause_kind::varchar, cause::varchar, until, money::varchar)
                    THEN 'already_posted' ELSE 'key_reused' END;
    END IF;
    SELECT * INTO d FROM ledger_balance b WHERE b.account_id = debit;
    SELECT * INTO c FROM ledger_balance b WHERE b.account_id = credit;
    IF d.account_id IS NULL OR c.account_id IS NULL THEN
        RETURN 'unknown_account';
    ELSIF d.currency <> money OR c.currency <> money THEN
        RETURN 'other_currency';
    ELSIF d.is_frozen OR c.is_frozen THEN
        RETURN 'frozen';
    ELSIF day <= (SELECT p.until FROM ledger_closing p ORDER BY p.id DESC LIMIT 1) THEN
        RETURN 'period_closed';
    ELSIF d.side < 0 AND d.amount - d.held - minor < d.floor
          OR c.side > 0 AND c.amount - c.held - minor < c.floor THEN
        RETURN 'insufficient_funds';
    END IF;
    INSERT INTO ledger_hold (key, debit_id, credit_id, amount, code, effective,
                             cause_type, cause_id, expires_at, at)
    VALUES (id, debit, credit, minor, kind, day, cause_kind, cause, until,
            clock_timestamp());
    UPDATE ledger_balance b SET held = b.held + minor
     WHERE b.account_id = debit AND b.side < 0 OR b.account_id = credit AND b.side > 0;
    RETURN 'posted';
EXCEPTION WHEN unique_violation THEN
    RETURN 'key_reused';  -- somebody on other accounts has just held with this key
END
$$;

-- End a hold: `how` is posted (as `transfer`, for a `part` of it or all), voided or
-- expired. Says posted, already_posted (ended so before), hold_not_found, hold_ended,
-- hold_expired, exceeds_original, or why the transfer cannot be posted.
CREATE FUNCTION ledger_end_hold(
    id uuid, how text, moment timestamptz, transfer uuid, part bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    h ledger_hold;
    was ledger_holdend;
    minor bigint;
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
        result := (ledger_post(
            ARRAY[least(h.debit_id, h.credit_id), greatest(h.debit_id, h.credit_id)],
            ARRAY[transfer],
            ARRAY[CASE WHEN h.debit_id < h.credit_id THEN 1 ELSE 2 END],
            ARRAY[CASE WHEN h.debit_id < h.credit_id THEN 2 ELSE 1 END],
            ARRAY[minor], ARRAY[1],
            ARRAY[(SELECT a.currency FROM ledger_account a WHERE a.id = h.debit_id)],
            ARRAY[h.code], ARRAY[h.effective], ARRAY['hold'], ARRAY[id::text],
            ARRAY['{}'::jsonb], '{}', '{}', '{}'
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
