-- Posting updates `amount`, `seq` and `moved_at` only, none of them indexed: with half
-- of each page free the new version stays in it (HOT) and no index is touched.
ALTER TABLE ledger_balance SET (fillfactor = 50);

-- A bank dates a Friday's payment on Monday; further ahead is a mistake. Balances by
-- effective day lean on the seven days (services/reading.py).
ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_takes_effect_soon
    CHECK (effective <= (at AT TIME ZONE 'America/Caracas')::date + 7);

-- Transfers are written once. Of an account only the name may be corrected.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE OF
    id, code, kind, currency, owner_type, owner_id, parent_id, floor_rule, is_heading,
    opened_at ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER append_only_table;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_account ENABLE ALWAYS TRIGGER append_only_table;

CREATE VIEW ledger_entry AS
    SELECT debit_id AS account_id, debit_seq AS seq, key, credit_id AS counterpart_id,
           true AS is_debit, amount, debit_balance AS balance, at, effective, code
      FROM ledger_transfer
    UNION ALL
    SELECT credit_id, credit_seq, key, debit_id,
           false, amount, credit_balance, at, effective, code
      FROM ledger_transfer;

-- Post transfers in their order and say of each what became of it, in this order of
-- precedence: already_posted or key_reused, unknown_account, other_currency, frozen,
-- insufficient_funds, posted; and linked_failed where another of its group failed.
--
-- `accounts` names every account once, ascending; `debits` and `credits` are places in
-- it. `twins` is the place of the transfer before with the same key, or 0. `linked`
-- ties a transfer to the next one. One statement: either all of it is in the books or,
-- if the process dies, nothing is.
--
-- No deadlock: balances are locked in the order of the accounts, then keys are inserted
-- in their order, and whoever waits for a key waits for nobody's balance.
CREATE FUNCTION ledger_post_batch(
    accounts uuid[], keys uuid[], twins int[], debits int[], credits int[],
    amounts bigint[], currencies text[], codes text[], effectives date[],
    cause_types text[], cause_ids text[], metadatas jsonb[], linked boolean[]
) RETURNS text[] LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    known int := cardinality(accounts);
    total int := cardinality(keys);
    balances bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    seqs bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    floors bigint[] := array_fill(NULL::bigint, ARRAY[known]);
    sides int[] := array_fill(NULL::int, ARRAY[known]);
    held text[] := array_fill(NULL::text, ARRAY[known]);
    frozen boolean[] := array_fill(NULL::boolean, ARRAY[known]);
    was_balances bigint[];
    was_seqs bigint[];
    debit_seqs bigint[];
    credit_seqs bigint[];
    debit_balances bigint[];
    credit_balances bigint[];
    results text[];
    in_books boolean[];
    moment timestamptz;
    line record;
    place int := 1;
    debit int;
    credit int;
    twin int;
    first int;
    has_failed boolean;
    verdict text;
    new_debit bigint;
    new_credit bigint;
    violated text;
BEGIN
    IF total = 0 THEN
        RETURN '{}';
    END IF;
    FOR line IN
        SELECT b.account_id, b.amount, b.seq, b.floor, b.side, b.currency, b.is_frozen,
               b.moved_at
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
        held[place] := line.currency;
        frozen[place] := line.is_frozen;
        moment := greatest(moment, line.moved_at);
    END LOOP;
    moment := greatest(moment, clock_timestamp());
    was_balances := balances;
    was_seqs := seqs;

    FOR attempt IN 1..10 LOOP
        balances := was_balances;
        seqs := was_seqs;
        results := array_fill(NULL::text, ARRAY[total]);
        in_books := array_fill(false, ARRAY[total]);
        debit_seqs := array_fill(NULL::bigint, ARRAY[total]);
        credit_seqs := debit_seqs;
        debit_balances := debit_seqs;
        credit_balances := debit_seqs;

        -- The keys are looked up under the locks: who had the same ones has committed.
        FOR line IN
            SELECT given.i, ROW(t.debit_id, t.credit_id, t.amount, t.code, t.effective,
                                t.cause_type, t.cause_id, t.metadata)
                   IS NOT DISTINCT FROM
                   ROW(accounts[debits[given.i]], accounts[credits[given.i]],
                       amounts[given.i], codes[given.i]::varchar, effectives[given.i],
                       cause_types[given.i]::varchar, cause_ids[given.i]::varchar,
                       metadatas[given.i]) AS is_same,
                   a.currency = currencies[given.i] AS same_currency
              FROM (SELECT o.i::int, o.key FROM unnest(keys) WITH ORDINALITY o(key, i))
                   AS given
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

        first := 1;
        has_failed := false;
        FOR i IN 1..total LOOP
            verdict := results[i];
            debit := debits[i];
            credit := credits[i];
            IF verdict IS NULL THEN
                twin := twins[i];
                WHILE twin > 0 AND results[twin] <> 'posted' LOOP
                    twin := twins[twin];
                END LOOP;
                twins[i] := twin;  -- nobody walks the same way again
                IF twin > 0 THEN
                    IF debits[twin] = debit AND credits[twin] = credit
                       AND amounts[twin] = amounts[i] AND codes[twin] = codes[i]
                       AND currencies[twin] = currencies[i]
                       AND effectives[twin] = effectives[i]
                       AND cause_types[twin] = cause_types[i]
                       AND cause_ids[twin] = cause_ids[i]
                       AND metadatas[twin] = metadatas[i]
                    THEN
                        verdict := 'already_posted';
                    ELSE
                        verdict := 'key_reused';
                    END IF;
                ELSIF has_failed THEN
                    verdict := 'linked_failed';
                ELSIF seqs[debit] IS NULL OR seqs[credit] IS NULL THEN
                    verdict := 'unknown_account';
                ELSIF held[debit] <> currencies[i] OR held[credit] <> currencies[i] THEN
                    verdict := 'other_currency';
                ELSIF frozen[debit] OR frozen[credit] THEN
                    verdict := 'frozen';
                ELSE
                    new_debit := balances[debit] + sides[debit] * amounts[i];
                    new_credit := balances[credit] - sides[credit] * amounts[i];
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
                    END IF;
                END IF;
            END IF;
            results[i] := verdict;

            IF verdict NOT IN ('posted', 'already_posted') AND NOT has_failed THEN
                has_failed := true;
                -- Take back what the group has done, and what leaned on it.
                FOR j IN first..i - 1 LOOP
                    twin := twins[j];
                    WHILE twin > 0 AND results[twin] <> 'posted' LOOP
                        twin := twins[twin];
                    END LOOP;
                    IF results[j] = 'posted' THEN
                        balances[debits[j]] := balances[debits[j]]
                            - sides[debits[j]] * amounts[j];
                        balances[credits[j]] := balances[credits[j]]
                            + sides[credits[j]] * amounts[j];
                        seqs[debits[j]] := seqs[debits[j]] - 1;
                        seqs[credits[j]] := seqs[credits[j]] - 1;
                        results[j] := 'linked_failed';
                    ELSIF NOT in_books[j] AND twin = 0 THEN
                        results[j] := 'linked_failed';
                    END IF;
                END LOOP;
            END IF;
            IF NOT linked[i] THEN
                first := i + 1;
                has_failed := false;
            END IF;
        END LOOP;

        BEGIN
            INSERT INTO ledger_transfer (
                key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,
                credit_balance, at, effective, code, cause_type, cause_id, metadata
            )
            SELECT t.key, accounts[t.debit], accounts[t.credit], t.amount, t.debit_seq,
                   t.credit_seq, t.debit_balance, t.credit_balance, moment, t.effective,
                   t.code, t.cause_type, t.cause_id, t.metadata
              FROM unnest(keys, debits, credits, amounts, debit_seqs, credit_seqs,
                          debit_balances, credit_balances, effectives, codes,
                          cause_types, cause_ids, metadatas, results)
                   AS t(key, debit, credit, amount, debit_seq, credit_seq,
                        debit_balance, credit_balance, effective, code,
                        cause_type, cause_id, metadata, result)
             WHERE t.result = 'posted'
             ORDER BY t.key;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            -- Somebody on other accounts has just committed one of our keys: look again.
            -- Two transfers of one number on an account would be a defect: let it rise.
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

-- The number of the account's last leg booked before a moment; 0 when there is none.
-- Numbers and moments grow together, so halving finds it by the index of the numbers.
CREATE FUNCTION ledger_seq_at(account uuid, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0;
    high bigint;
    middle bigint;
    booked timestamptz;
BEGIN
    SELECT b.seq INTO high FROM ledger_balance b WHERE b.account_id = account;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT e.at INTO booked FROM ledger_entry e
         WHERE e.account_id = account AND e.seq = middle;
        IF booked < moment THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
