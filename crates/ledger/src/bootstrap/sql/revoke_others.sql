-- After each format that is made. Whoever needs a function is granted it by name (grant_service.sql).
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA changeover FROM PUBLIC;

-- The owner's default privileges (ALTER DEFAULT PRIVILEGES … GRANT … TO a service) have just given
-- others rights on the new tables too. Nobody but the owner writes the ledger. Only those made in this
-- transaction: what services were granted of an older format, they go on using.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT DISTINCT c.relname, c.relkind,
               CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS who
          FROM pg_class c
         CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
          LEFT JOIN pg_roles r ON r.oid = acl.grantee
         WHERE c.relnamespace = 'changeover'::regnamespace AND c.relkind IN ('r', 'v', 'S')
           AND acl.grantee <> c.relowner AND c.xmin = pg_current_xact_id()::xid
    LOOP
        EXECUTE format('REVOKE ALL ON %s changeover.%I FROM %s',
                       CASE given.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, given.relname,
                       given.who);
    END LOOP;
END $$;
