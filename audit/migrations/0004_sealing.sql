-- What is sealed is written once, as the records themselves (see 0002_append_only.sql).
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY
        ARRAY['audit_leaf', 'audit_tile', 'audit_checkpoint', 'audit_verification']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
        EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_rows', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_table', kept);
    END LOOP;
END
$$;
