-- Every statement ends. Where the tables' rows and what is there are noted:
SET lock_timeout = '20s';
SET statement_timeout = '60s';
-- The queries have no parameters: their first plan is as good as a later one.
SET plan_cache_mode = force_generic_plan;
CREATE TEMP TABLE facts_before (oid oid, schema text, name text, kind "char", node oid, scans bigint)
  ON COMMIT DELETE ROWS;
