-- Users' relations: schema, name, kind, row security, forced, parent's schema and name, partition
-- key, rows (summed over the leaves of a partitioned table).
SELECT n.nspname::text, c.relname::text, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity,
       pn.nspname::text, pc.relname::text,
       coalesce((SELECT array_agg(a.attname::text ORDER BY k.position)
                   FROM pg_partitioned_table p
                  CROSS JOIN LATERAL unnest(p.partattrs::int2[]) WITH ORDINALITY AS k(number, position)
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
                  WHERE p.partrelid = c.oid), '{}'),
       CASE WHEN c.relkind = 'p'
            THEN (SELECT coalesce(sum(GREATEST(leaf.reltuples, 0)), 0)::bigint
                    FROM pg_partition_tree(c.oid) t JOIN pg_class leaf ON leaf.oid = t.relid
                   WHERE t.isleaf)
            ELSE GREATEST(c.reltuples, 0)::bigint END
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
  LEFT JOIN pg_class pc ON pc.oid = i.inhparent
  LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2
