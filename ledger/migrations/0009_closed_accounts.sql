-- A closed account is never released again. Posting does not touch is_frozen, so it
-- does not pay for this trigger.
CREATE FUNCTION ledger_refuse_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_closure c WHERE c.account_id = NEW.account_id) THEN
        RAISE 'A closed account is not released.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closure_is_for_good';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER closure_is_for_good BEFORE UPDATE OF is_frozen ON ledger_balance
    FOR EACH ROW WHEN (OLD.is_frozen AND NOT NEW.is_frozen)
    EXECUTE FUNCTION ledger_refuse_release();
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_closure
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_closure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE ledger_closure ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_closure ENABLE ALWAYS TRIGGER append_only_table;
