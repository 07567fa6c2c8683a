-- Where the role %(role)s holds what it need not (true) or lacks what it needs (false):
-- object, right. What it should hold is said here once more than in rights.sql, so that
-- a table made since, or a hand that granted, does not pass for what was meant. What is
-- in a partition is read by way of the whole: the partition itself needs no right.
WITH thing AS (
    SELECT c.oid, c.relname, c.relispartition AS is_part,
           guard.tgattr::int2[] AS kept, guard.oid IS NOT NULL AS once
      FROM pg_class c
      LEFT JOIN pg_trigger guard
        ON guard.tgrelid = c.oid AND guard.tgname = 'append_only_rows'
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
), columns AS (
    SELECT relname, may, attname, attnum,
           has_column_privilege(%(role)s, t.oid, attnum, may) AS has,
           CASE may
               WHEN 'SELECT' THEN
                   NOT is_part OR has_column_privilege(%(role)s, t.oid, attnum, may)
               WHEN 'REFERENCES' THEN false
               WHEN 'INSERT' THEN
                   relname !~ '^(django_migrations|ledger_(transfer|hold|key))'
                   AND (relname <> 'audit_record'
                        OR attname NOT IN ('id', 'at', 'epoch', 'xid'))
               WHEN 'UPDATE' THEN CASE
                   WHEN relname = 'django_migrations' THEN false
                   WHEN relname = 'ledger_balance' THEN attname = 'is_frozen'
                   WHEN once THEN cardinality(kept) > 0 AND attnum <> ALL (kept)
                   ELSE true END
           END AS should
      FROM thing t
      JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped,
           unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) may
), held AS (
    SELECT has, should, relname AS object,
           may || CASE WHEN count(*) < sum(count(*)) OVER (PARTITION BY relname, may)
                       THEN format(' (%%s)', string_agg(attname, ', ' ORDER BY attnum))
                       ELSE '' END AS may
      FROM columns GROUP BY relname, may, has, should
    UNION ALL
    SELECT has_table_privilege(%(role)s, oid, may),
           may = 'DELETE' AND NOT once
           AND relname NOT IN ('django_migrations', 'ledger_balance'), relname, may
      FROM thing, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) may
    UNION ALL
    SELECT has_sequence_privilege(%(role)s, oid, may), may = 'USAGE', relname, may
      FROM pg_class, unnest(ARRAY['USAGE', 'UPDATE']) may
     WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
    UNION ALL
    SELECT has_function_privilege(%(role)s, oid, 'EXECUTE'), true, proname, 'EXECUTE'
      FROM pg_proc
     WHERE pronamespace = current_schema()::regnamespace AND prosecdef
    UNION ALL
    SELECT has_database_privilege(%(role)s, current_database(), may), false,
           'the database', may
      FROM unnest(ARRAY['CREATE', 'TEMPORARY']) may
    UNION ALL
    SELECT has_schema_privilege(%(role)s, current_schema(), 'CREATE'), false,
           'the schema', 'CREATE'
)
-- Before the first migration there is nothing to hold.
SELECT has, object, may FROM held
 WHERE has <> should AND EXISTS (SELECT FROM thing) ORDER BY object, may
