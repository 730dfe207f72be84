-- Users' triggers, and ours. tgtype bits: 1 row, 2 before, 4 insert, 16 update.
SELECT n.nspname::text, c.relname::text, t.tgname::text,
       t.tgtype & 2 <> 0, t.tgtype & 1 <> 0, t.tgtype & 4 <> 0, t.tgtype & 16 <> 0,
       coalesce((SELECT array_agg(a.attname::text) FROM unnest(t.tgattr::int2[]) AS k(number)
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number), '{}'),
       t.tgenabled <> 'D',
       fn.nspname = 'changeover'
  FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_proc f ON f.oid = t.tgfoid
  JOIN pg_namespace fn ON fn.oid = f.pronamespace
 WHERE NOT t.tgisinternal AND n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2, 3
