-- Every relation of users, with what it belongs to: an index to its table, a partition to its parent,
-- a sequence to the table of its column. A lock stated for the one covers the other.
WITH edge AS (
    SELECT indexrelid AS child, indrelid AS parent FROM pg_index
    UNION ALL
    SELECT inhrelid, inhparent FROM pg_inherits
    UNION ALL
    SELECT d.objid, d.refobjid
      FROM pg_depend d
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.deptype IN ('a', 'i') AND d.refobjsubid <> 0
)
SELECT c.oid, n.nspname, c.relname, c.relkind IN ('r', 'm', 'i') AS has_rows, c.relfilenode,
       ARRAY(SELECT e.parent FROM edge e WHERE e.child = c.oid) AS belongs_to
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'changeover')
   AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I')
