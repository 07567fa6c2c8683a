-- Begin a partition of the transfers, in one moment in which nobody posts.
--
-- %(table)s is the table that takes what is booked now, from %(lower)s on; it is known to
-- hold nothing from %(start)s on (a validated constraint), so it is not read. The newest
-- partition has no end: there is always one for what is booked next.
DO $do$
DECLARE
    open text := %(table)s;
    indexes text[];
    each text;
    seen text;
BEGIN
    PERFORM pg_advisory_xact_lock(4715200);
    IF open = 'ledger_transfer' THEN
        open := 'ledger_transfer_first';
        seen := pg_get_viewdef('ledger_entry');
        SELECT array_agg(pg_get_indexdef(indexrelid)) INTO indexes
          FROM pg_index WHERE indrelid = 'ledger_transfer'::regclass AND NOT indisunique;
        FOR each IN SELECT indexrelid::regclass FROM pg_index
                     WHERE indrelid = 'ledger_transfer'::regclass AND NOT indisunique
        LOOP
            EXECUTE format('ALTER INDEX %%s RENAME TO %%I', each, each || '_first');
        END LOOP;
        ALTER TABLE ledger_transfer RENAME TO ledger_transfer_first;
        CREATE TABLE ledger_transfer (
            LIKE ledger_transfer_first INCLUDING ALL EXCLUDING INDEXES
        ) PARTITION BY RANGE (at);
        ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_before_next;
        FOREACH each IN ARRAY indexes LOOP
            EXECUTE each;  -- takes over those of the first partition when it is attached
        END LOOP;
        -- Of a row it is copied to every partition, of a statement it is not.
        DROP TRIGGER append_only_rows ON ledger_transfer_first;
        CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_transfer
            FOR EACH ROW EXECUTE FUNCTION refuse_change();
        ALTER TABLE ledger_transfer ENABLE ALWAYS TRIGGER append_only_rows;
        PERFORM ledger_guard_partition('ledger_transfer');
        PERFORM ledger_grant_as('ledger_transfer_first', 'ledger_transfer');
        EXECUTE 'CREATE OR REPLACE VIEW ledger_entry AS ' || seen;
    ELSE
        EXECUTE format('ALTER TABLE ledger_transfer DETACH PARTITION %%I', open);
    END IF;
    EXECUTE format('ALTER TABLE ledger_transfer ATTACH PARTITION %%I'
                   ' FOR VALUES FROM (%%s) TO (%%L)', open, %(lower)s, %(start)s);
    EXECUTE format('ALTER TABLE %%I DROP CONSTRAINT transfer_before_next', open);
    EXECUTE format('CREATE TABLE %%I PARTITION OF ledger_transfer'
                   ' FOR VALUES FROM (%%L) TO (MAXVALUE)', %(fresh)s, %(start)s);
    EXECUTE format('ALTER TABLE %%I ADD UNIQUE (debit_id, debit_seq),'
                   ' ADD UNIQUE (credit_id, credit_seq)', %(fresh)s);
    EXECUTE format('CREATE INDEX ON %%I (key)', %(fresh)s);
    PERFORM ledger_guard_partition(%(fresh)s);
END
$do$;
