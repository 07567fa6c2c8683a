-- A key is of one transfer for ever, in whatever partition: a unique index of a partitioned
-- table could promise that for one partition alone. `key` becomes the primary key once the
-- old ones are in (partitioning.py); until then the table's own index keeps the promise.
CREATE TABLE ledger_key (key uuid NOT NULL);
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON ledger_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ledger_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE ledger_key ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE ledger_key ENABLE ALWAYS TRIGGER append_only_table;

-- In the order of the keys, as they are posted: nobody waits for another in a circle. Who
-- posts is told by the name that the promise always had.
CREATE FUNCTION ledger_keep_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_key (key) SELECT a.key FROM added a ORDER BY a.key;
    RETURN NULL;
EXCEPTION WHEN unique_violation THEN
    RAISE unique_violation
        USING MESSAGE = 'A transfer with this key is in the books.',
              TABLE = 'ledger_transfer', CONSTRAINT = 'ledger_transfer_pkey';
END
$$;
-- What a partition does not take over from the whole.
CREATE FUNCTION ledger_guard_partition(taken regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER append_only_table BEFORE TRUNCATE ON %1$s
             FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
         CREATE TRIGGER transfer_key_once AFTER INSERT ON %1$s
             REFERENCING NEW TABLE AS added
             FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_keys();
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER append_only_table;
         ALTER TABLE %1$s ENABLE ALWAYS TRIGGER transfer_key_once', taken);
END
$$;
SELECT ledger_guard_partition('ledger_transfer');

-- Who may post may write down the key.
CREATE FUNCTION ledger_grant_as(given regclass, taken regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    right_ record;
BEGIN
    FOR right_ IN
        SELECT a.grantee::regrole::text AS role, a.privilege_type AS may
          FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
         WHERE c.oid = given AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s', right_.may, taken, right_.role);
    END LOOP;
END
$$;
SELECT ledger_grant_as('ledger_transfer', 'ledger_key');
