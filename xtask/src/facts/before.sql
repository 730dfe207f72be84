-- Begins a transaction and notes what is there: files of relations, and scans so far. The server
-- hands its counters on only now and then, so they are compared within the transaction.
CREATE TEMP TABLE IF NOT EXISTS facts_before (
    oid oid, schema text, name text, node oid, scans bigint
);
BEGIN;
TRUNCATE facts_before;
INSERT INTO facts_before
SELECT c.oid, n.nspname, c.relname, pg_relation_filenode(c.oid), coalesce(s.seq_scan, 0)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_xact_user_tables s ON s.relid = c.oid
