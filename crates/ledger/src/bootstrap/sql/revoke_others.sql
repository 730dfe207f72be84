-- After each format that is made. Roles that need something are granted it by name (grant_service.sql).
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA changeover FROM PUBLIC;

-- The owner's default privileges (ALTER DEFAULT PRIVILEGES … GRANT … TO a role) have just given others
-- rights too. Nobody but the owner writes the ledger. Of tables, views and sequences: what was made in this
-- transaction; what services were granted of an older format, they go on using. Of functions, which are all
-- made again and keep their rights, and of the schema: from the roles that the owner's default privileges
-- name. Services among them are granted theirs again in the same transaction.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        WITH named AS (
            SELECT d.defaclobjtype AS kind, acl.grantee
              FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) AS acl
             WHERE d.defaclrole = (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'changeover')
               AND acl.grantee NOT IN (0, d.defaclrole)
        ), object AS (
            SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS sort,
                   format('changeover.%I', c.relname) AS name, acl.grantee
              FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS acl
             WHERE c.relnamespace = 'changeover'::regnamespace AND c.relkind IN ('r', 'v', 'S', 'p')
               AND acl.grantee <> c.relowner AND c.xmin = pg_current_xact_id()::xid
            UNION
            SELECT 'FUNCTION', p.oid::regprocedure::text, acl.grantee
              FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) AS acl
             WHERE p.pronamespace = 'changeover'::regnamespace
               AND (acl.grantee = 0 OR acl.grantee IN (SELECT n.grantee FROM named n WHERE n.kind = 'f'))
            UNION
            SELECT 'SCHEMA', 'changeover', acl.grantee
              FROM pg_namespace s CROSS JOIN LATERAL aclexplode(s.nspacl) AS acl
             WHERE s.nspname = 'changeover'
               AND (acl.grantee = 0 OR acl.grantee IN (SELECT n.grantee FROM named n WHERE n.kind = 'n'))
        )
        SELECT o.sort, o.name, CASE o.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END AS who
          FROM object o LEFT JOIN pg_roles r ON r.oid = o.grantee
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM %s', given.sort, given.name, given.who);
    END LOOP;
END $$;
