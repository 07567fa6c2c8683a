-- The one door through which words leave the journal. A row of audit_leaf may lose its
-- bytes and a row of audit_record its facts, nothing else of them, when two people asked
-- and agreed, the journal's record of it is sealed behind the range, and audit_prune()
-- is what does it. Every other change is refused as before (0002, 0004).
CREATE FUNCTION audit_may_prune(leaf bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (
        SELECT FROM audit_prunerequest asked
          JOIN audit_record said
            ON said.subject_type = 'prune' AND said.subject_id = asked.id::text
               AND said.action = 'audit.retention_pruned'
               AND said.actor_id = asked.approved_by
          JOIN audit_leaf sealed ON sealed.record_id = said.id
         WHERE leaf < asked.below AND asked.below <= sealed.number
           AND asked.approved_by <> asked.requested_by
           AND asked.pruning_in = pg_current_xact_id()::text::bigint)
$$;

CREATE FUNCTION refuse_change_but_pruning() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    leaf bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF TG_TABLE_NAME = 'audit_leaf' THEN
            leaf := OLD.number;
            OLD.entry := ''::bytea;
        ELSE
            SELECT number INTO leaf FROM audit_leaf WHERE record_id = OLD.id;
            OLD.facts := '';
        END IF;
        IF NEW IS NOT DISTINCT FROM OLD AND audit_may_prune(leaf) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE OR REPLACE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_pruning();
CREATE OR REPLACE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_leaf
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_pruning();
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER append_only_rows;

-- Prunes the next `most` leaves of an approved request; gives how many, 0 at the end.
CREATE FUNCTION audit_prune(request uuid, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asked audit_prunerequest;
    stop bigint;
BEGIN
    SELECT * INTO asked FROM audit_prunerequest WHERE id = request FOR UPDATE;
    IF asked.approved_by IS NULL OR asked.declined_by IS NOT NULL THEN
        RAISE EXCEPTION 'audit_prune: % is not approved', request
            USING ERRCODE = 'restrict_violation';
    END IF;
    stop := least(asked.pruned_to + most, asked.below);
    UPDATE audit_prunerequest
       SET pruning_in = pg_current_xact_id()::text::bigint, pruned_to = stop,
           pruned_at = CASE WHEN stop = below THEN coalesce(pruned_at, now()) END
     WHERE id = request;
    UPDATE audit_record SET facts = ''
     WHERE facts <> '' AND id IN (SELECT record_id FROM audit_leaf
                                   WHERE number >= asked.pruned_to AND number < stop);
    UPDATE audit_leaf SET entry = ''::bytea
     WHERE number >= asked.pruned_to AND number < stop AND entry <> ''::bytea;
    RETURN stop - asked.pruned_to;
END
$$;

-- What was asked for is never another thing afterwards, and agreed to only once.
CREATE FUNCTION keep_prune_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND (NEW.id, NEW.below, NEW.root, NEW.older_than, NEW.why, NEW.requested_by)
           IS NOT DISTINCT FROM
           (OLD.id, OLD.below, OLD.root, OLD.older_than, OLD.why, OLD.requested_by)
       AND (OLD.approved_by IS NULL OR NEW.approved_by = OLD.approved_by)
       AND (OLD.declined_by IS NULL OR NEW.declined_by = OLD.declined_by)
       AND NEW.pruned_to >= OLD.pruned_to
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is kept: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER prune_request_kept BEFORE UPDATE OR DELETE ON audit_prunerequest
    FOR EACH ROW EXECUTE FUNCTION keep_prune_request();
ALTER TABLE audit_prunerequest ENABLE ALWAYS TRIGGER prune_request_kept;
