-- For each of users' relations another text where a row of the server's catalog that belongs to it
-- was added, changed or removed: columns, defaults, indexes, constraints, triggers, rules, statistics,
-- parents, and what depends on it.
WITH part (relation, row) AS (
  SELECT attrelid, xmin FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT adrelid, xmin FROM pg_attrdef
  UNION ALL SELECT indrelid, xmin FROM pg_index
  UNION ALL SELECT i.indrelid, x.xmin FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
             WHERE i.indrelid >= 16384
  UNION ALL SELECT conrelid, xmin FROM pg_constraint
  UNION ALL SELECT tgrelid, xmin FROM pg_trigger
  UNION ALL SELECT ev_class, xmin FROM pg_rewrite
  UNION ALL SELECT stxrelid, xmin FROM pg_statistic_ext
  UNION ALL SELECT inhrelid, xmin FROM pg_inherits
  UNION ALL SELECT refobjid, xmin FROM pg_depend WHERE refclassid = 'pg_class'::regclass
              AND refobjid >= 16384
), parts AS MATERIALIZED (
  SELECT relation, count(*) || ' ' || max(row::text::bigint) AS signature
    FROM part WHERE relation >= 16384 GROUP BY relation
)
SELECT c.oid, n.nspname, c.relname,
       concat_ws(' ', c.xmin, c.reltuples, parts.signature)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN parts ON parts.relation = c.oid
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
