-- The catalog as the JSON form of `changeover_plan::Catalog`, for tests.
WITH relation AS (
  SELECT c.oid, c.relname::text AS name, n.nspname::text AS schema, c.relkind, c.relrowsecurity,
         c.relforcerowsecurity, c.relispartition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
)
SELECT jsonb_build_object(
  'server_version', current_setting('server_version_num')::int,
  'search_path', to_jsonb(current_schemas(false)),
  'functions', (SELECT jsonb_object_agg(proname, v) FROM (
      SELECT proname, (ARRAY['immutable', 'stable', 'volatile'])[
               max(CASE provolatile WHEN 'i' THEN 1 WHEN 's' THEN 2 ELSE 3 END)] AS v
        FROM pg_proc WHERE prokind IN ('f', 'w') GROUP BY 1) f),
  'types', '[]'::jsonb,
  'relations', (SELECT coalesce(jsonb_object_agg(format('"%s"."%s"',
        replace(r.schema, '"', '""'), replace(r.name, '"', '""')), jsonb_build_object(
    'name', jsonb_build_object('schema', r.schema, 'name', r.name),
    'kind', CASE r.relkind WHEN 'p' THEN 'partitioned_table' WHEN 'v' THEN 'view'
                 WHEN 'm' THEN 'materialized_view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
    'row_security', CASE WHEN r.relforcerowsecurity THEN 'forced'
                         WHEN r.relrowsecurity THEN 'enabled' ELSE 'off' END,
    'partition_of', (SELECT jsonb_build_object('schema', pn.nspname, 'name', p.relname)
        FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
        JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = r.oid AND r.relispartition),
    'partition_key', coalesce((SELECT jsonb_agg(a.attname)
        FROM pg_partitioned_table p JOIN pg_attribute a
          ON a.attrelid = r.oid AND a.attnum = ANY (p.partattrs::int2[]) WHERE p.partrelid = r.oid), '[]'),
    'views', coalesce((SELECT jsonb_agg(DISTINCT jsonb_build_object('schema', vn.nspname, 'name', v.relname))
        FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
        JOIN pg_class v ON v.oid = w.ev_class JOIN pg_namespace vn ON vn.oid = v.relnamespace
       WHERE d.refobjid = r.oid AND v.oid <> r.oid AND d.classid = 'pg_rewrite'::regclass), '[]'),
    'rows_estimate', 0,
    'columns', coalesce((SELECT jsonb_agg(jsonb_build_object(
         'name', a.attname, 'type_sql', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
         'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
         'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
         'identity', a.attidentity <> '') ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
    'indexes', coalesce((SELECT jsonb_agg(jsonb_build_object(
         'name', x.relname, 'method', m.amname,
         'columns', CASE WHEN 0 = ANY (i.indkey::int2[]) THEN '[]'::jsonb ELSE
            (SELECT jsonb_agg(a.attname ORDER BY k.position)
               FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, position)
               JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.number
              WHERE k.position <= i.indnkeyatts) END,
         'unique', i.indisunique, 'primary', i.indisprimary, 'valid', i.indisvalid,
         'partial_or_expression', i.indpred IS NOT NULL OR i.indexprs IS NOT NULL,
         'constraint', (SELECT con.conname FROM pg_constraint con
                         WHERE con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x') LIMIT 1)))
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
       WHERE i.indrelid = r.oid), '[]'),
    'constraints', coalesce((SELECT jsonb_agg(jsonb_build_object(
         'name', con.conname,
         'kind', CASE con.contype WHEN 'p' THEN '{"type": "primary_key"}' WHEN 'u' THEN '{"type": "unique"}'
            WHEN 'c' THEN '{"type": "check"}' WHEN 'x' THEN '{"type": "exclusion"}'
            WHEN 'n' THEN '{"type": "not_null"}'::jsonb
            ELSE jsonb_build_object('type', 'foreign_key', 'references',
                   (SELECT jsonb_build_object('schema', fn.nspname, 'name', f.relname)
                      FROM pg_class f JOIN pg_namespace fn ON fn.oid = f.relnamespace
                     WHERE f.oid = con.confrelid),
                   'acts', con.confdeltype NOT IN ('a', 'r') OR con.confupdtype NOT IN ('a', 'r')) END,
         'columns', coalesce((SELECT jsonb_agg(a.attname ORDER BY k.position)
               FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
               JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.number), '[]'),
         'definition', pg_get_constraintdef(con.oid), 'validated', con.convalidated))
        FROM pg_constraint con WHERE con.conrelid = r.oid AND con.contype IN ('p','u','c','f','x','n')), '[]'),
    'triggers', coalesce((SELECT jsonb_agg(jsonb_build_object(
         'name', t.tgname, 'before', t.tgtype & 2 <> 0, 'row', t.tgtype & 1 <> 0,
         'on_insert', t.tgtype & 4 <> 0, 'on_update', t.tgtype & 16 <> 0,
         'update_columns', coalesce((SELECT jsonb_agg(a.attname) FROM pg_attribute a
              WHERE a.attrelid = r.oid AND a.attnum = ANY (t.tgattr::int2[])), '[]'),
         'enabled', t.tgenabled <> 'D', 'ours', t.tgname LIKE 'zzzz\_changeover\_%'))
        FROM pg_trigger t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal), '[]')
  )), '{}') FROM relation r)
)::text
