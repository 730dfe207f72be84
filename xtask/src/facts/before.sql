-- Begins a transaction and notes what is there: files of relations, and scans so far. The server
-- hands its counters on only now and then, so they are compared within the transaction.
BEGIN;
TRUNCATE pg_temp.facts_before;
INSERT INTO pg_temp.facts_before
SELECT c.oid, n.nspname, c.relname, c.relkind, pg_relation_filenode(c.oid), coalesce(s.seq_scan, 0)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_xact_user_tables s ON s.relid = c.oid
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND n.nspname NOT IN ('information_schema', 'changeover') AND n.nspname NOT LIKE 'pg\_%'
