-- Users' triggers, and ours. tgtype bits: 1 row, 2 before, 4 insert, 8 delete,
-- 16 update. A function in PL/pgSQL without a word that begins a write, a lock or a statement made of
-- text, and without the name of a user's function, touches no relation but to read.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'is', jsonb_build_object(
    'name', t.tgname, 'before', t.tgtype & 2 <> 0, 'row', t.tgtype & 1 <> 0,
    'on_insert', t.tgtype & 4 <> 0, 'on_update', t.tgtype & 16 <> 0,
    'on_delete', t.tgtype & 8 <> 0,
    'update_columns', coalesce((SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                                 WHERE a.attrelid = c.oid AND a.attnum = ANY (t.tgattr::int2[])), '[]'),
    'enabled', t.tgenabled <> 'D',
    'ours', fn.nspname = 'changeover',
    'touches_relations', fn.nspname <> 'changeover' AND NOT (
        l.lanname = 'plpgsql'
        AND f.prosrc !~* '\m(insert|update|delete|merge|truncate|lock|share|execute|call|copy|create|alter|drop|refresh|grant|revoke|analyze|cluster|reindex|vacuum|comment|import|do)\M'
        AND NOT EXISTS (SELECT FROM pg_proc u
                         WHERE u.oid >= 16384 AND strpos(lower(f.prosrc), lower(u.proname)) > 0)))
)::text
  FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_proc f ON f.oid = t.tgfoid
  JOIN pg_namespace fn ON fn.oid = f.pronamespace
  JOIN pg_language l ON l.oid = f.prolang
 WHERE NOT t.tgisinternal
   AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY n.nspname, c.relname, t.tgname
