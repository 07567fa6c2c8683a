-- What a replay found is written once, as what it looked at (see 0002_append_only.sql).
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_replay
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON audit_replay
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_replay ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE audit_replay ENABLE ALWAYS TRIGGER append_only_table;
