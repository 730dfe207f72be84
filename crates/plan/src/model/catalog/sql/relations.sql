-- Users' relations. Rows are summed over the leaves of a partitioned table. Temporary tables count
-- only where a permanent one is their parent.
SELECT jsonb_build_object(
  'name', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'kind', CASE c.relkind WHEN 'p' THEN 'partitioned_table' WHEN 'v' THEN 'view'
               WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table'
               WHEN 'S' THEN 'sequence' ELSE 'table' END,
  'row_security', CASE WHEN c.relrowsecurity AND c.relforcerowsecurity THEN 'forced'
                       WHEN c.relrowsecurity THEN 'enabled' ELSE 'off' END,
  'persistence', CASE c.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary'
                      ELSE 'permanent' END,
  'replica_identity', CASE c.relreplident WHEN 'n' THEN '"nothing"'::jsonb WHEN 'f' THEN '"full"'
      WHEN 'i' THEN coalesce((SELECT jsonb_build_object('index', x.relname)
                                FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                               WHERE i.indrelid = c.oid AND i.indisreplident), '"nothing"')
      ELSE '"default"' END,
  'owner', pg_get_userbyid(c.relowner),
  'owned_by_other', NOT pg_has_role(c.relowner, 'USAGE'),
  'of_type', (SELECT jsonb_build_object('schema', tn.nspname, 'name', t.typname)
                FROM pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace
               WHERE t.oid = c.reloftype),
  'partition_of', (SELECT jsonb_build_object('schema', pn.nspname, 'name', p.relname)
                     FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                     JOIN pg_namespace pn ON pn.oid = p.relnamespace
                    WHERE i.inhrelid = c.oid AND c.relispartition),
  'inherits', coalesce((SELECT jsonb_agg(jsonb_build_object('schema', pn.nspname, 'name', p.relname)
                                         ORDER BY i.inhseqno)
                          FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                          JOIN pg_namespace pn ON pn.oid = p.relnamespace
                         WHERE i.inhrelid = c.oid AND NOT c.relispartition), '[]'),
  'partition_key', coalesce((SELECT jsonb_agg(a.attname ORDER BY k.position)
                   FROM pg_partitioned_table p
                  CROSS JOIN LATERAL unnest(p.partattrs::int2[]) WITH ORDINALITY AS k(number, position)
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
                  WHERE p.partrelid = c.oid), '[]'),
  'views', coalesce((SELECT jsonb_agg(DISTINCT jsonb_build_object('schema', vn.nspname, 'name', v.relname))
        FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
        JOIN pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
        JOIN pg_namespace vn ON vn.oid = v.relnamespace
       WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
         AND d.refobjid = c.oid AND v.oid <> c.oid), '[]'),
  'rows_estimate', CASE WHEN c.relkind = 'p'
            THEN (SELECT coalesce(sum(GREATEST(leaf.reltuples, 0)), 0)::bigint
                    FROM pg_partition_tree(c.oid) t JOIN pg_class leaf ON leaf.oid = t.relid
                   WHERE t.isleaf)
            ELSE GREATEST(c.reltuples, 0)::bigint END
)::text
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND n.nspname NOT IN ('changeover', 'information_schema')
   AND (n.nspname NOT LIKE 'pg\_%'
        OR (c.relpersistence = 't' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)))
 ORDER BY n.nspname, c.relname
