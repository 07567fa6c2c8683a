-- What a witness signed is written once, as the checkpoints themselves.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_cosignature
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON audit_cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE audit_cosignature ENABLE ALWAYS TRIGGER append_only_table;
