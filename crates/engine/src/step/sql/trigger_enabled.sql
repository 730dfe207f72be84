-- Whether a trigger stands on a table, and on each of its partitions, enabled ALWAYS.
-- $1 table as regclass text, $2 trigger.
SELECT count(*) > 0
       AND count(*) FILTER (WHERE NOT EXISTS (
               SELECT 1 FROM pg_trigger t
                WHERE t.tgrelid = part.oid AND t.tgname = $2 AND t.tgenabled = 'A')) = 0
  FROM (SELECT to_regclass($1)::oid AS oid WHERE to_regclass($1) IS NOT NULL
        UNION
        SELECT p.relid::oid FROM pg_partition_tree(to_regclass($1)) p) AS part
