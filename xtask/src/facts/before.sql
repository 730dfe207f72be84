-- Begins a transaction and notes what is there: files of relations, and scans so far. The server
-- hands its counters on only now and then, so they are compared within the transaction.
BEGIN;
INSERT INTO pg_temp.facts_before
SELECT c.oid, n.nspname, c.relname, c.relkind, pg_relation_filenode(c.oid),
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_stat_get_xact_numscans(c.oid) ELSE 0 END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND n.nspname NOT IN ('information_schema', 'changeover') AND n.nspname NOT LIKE 'pg\_%'
