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
