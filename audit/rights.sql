-- What the application's role needs and no more; run as the tables' owner, after every
-- migration again (manage.py grant_rights). The role stands in `areamedica.role`.
--
-- A table that is written once (it has the trigger append_only_rows) may be read and
-- added to. Where the trigger names columns, the others may be changed. Of a record of
-- the journal the database gives id, moment, epoch and xid: nobody else may. The books
-- are written by functions that run as their owner (ledger 0010_posting_as_owner).
DO $$
DECLARE
    who text := quote_ident(current_setting('areamedica.role'));
    house text := quote_ident(current_schema());
    guarded record;
    door regprocedure;
    columns text;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', house, who);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %s',
                   house, who);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %s TO %s', house, who);
    EXECUTE format('REVOKE ALL ON django_migrations FROM %s', who);
    EXECUTE format('GRANT SELECT ON django_migrations TO %s', who);
    FOR guarded IN
        SELECT tgrelid::regclass AS name, tgrelid AS id, tgattr::int2[] AS kept
          FROM pg_trigger WHERE tgname = 'append_only_rows'
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', guarded.name, who);
        EXECUTE format('GRANT SELECT %s ON %s TO %s', CASE WHEN guarded.name::text
                       ~ '^ledger_(transfer|hold|key)' THEN '' ELSE ', INSERT' END,
                       guarded.name, who);
        SELECT string_agg(quote_ident(attname), ', ') INTO columns
          FROM pg_attribute
         WHERE attrelid = guarded.id AND attnum > 0 AND NOT attisdropped
           AND cardinality(guarded.kept) > 0 AND attnum <> ALL (guarded.kept);
        IF columns IS NOT NULL THEN
            EXECUTE format('GRANT UPDATE (%s) ON %s TO %s', columns, guarded.name, who);
        END IF;
    END LOOP;
    SELECT string_agg(quote_ident(attname), ', ') INTO columns
      FROM pg_attribute
     WHERE attrelid = 'audit_record'::regclass AND attnum > 0 AND NOT attisdropped
       AND attname NOT IN ('id', 'at', 'epoch', 'xid');
    EXECUTE format('REVOKE INSERT ON audit_record FROM %s', who);
    EXECUTE format('GRANT INSERT (%s) ON audit_record TO %s', columns, who);

    EXECUTE format('REVOKE UPDATE, DELETE ON ledger_balance FROM %s', who);
    EXECUTE format('GRANT UPDATE (is_frozen) ON ledger_balance TO %s', who);
    FOR door IN
        SELECT oid FROM pg_proc
         WHERE pronamespace = current_schema()::regnamespace AND prosecdef
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', door);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', door, who);
    END LOOP;
    -- Who can make a temporary table can make functions beside it.
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, %s',
                   current_database(), who);
    EXECUTE format('REVOKE CREATE ON SCHEMA %s FROM PUBLIC, %s', house, who);
END
$$;
