-- Rules on users' relations, without the one that makes a view a view.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'is', jsonb_build_object(
    'name', w.rulename,
    'event', CASE w.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert'
                  ELSE 'delete' END,
    'instead', w.is_instead, 'enabled', w.ev_enabled <> 'D')
)::text
  FROM pg_rewrite w
  JOIN pg_class c ON c.oid = w.ev_class
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE w.rulename <> '_RETURN'
   AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY n.nspname, c.relname, w.rulename
