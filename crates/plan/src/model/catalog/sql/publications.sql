-- Publications with the tables that they name. Column lists and row filters are there from
-- PostgreSQL 15 on; which columns a filter reads is in pg_depend.
SELECT jsonb_build_object(
  'name', p.pubname, 'all_tables', p.puballtables, 'schemas', '[]'::jsonb,
  'inserts', p.pubinsert, 'updates', p.pubupdate, 'deletes', p.pubdelete, 'truncates', p.pubtruncate,
  'tables', coalesce((SELECT jsonb_agg(jsonb_build_object(
        'table', jsonb_build_object('schema', n.nspname, 'name', c.relname),
        'columns', coalesce((SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0
               AND a.attnum::text = ANY (regexp_split_to_array(
                     btrim(to_jsonb(r) ->> 'prattrs', '[]{} '), '[, ]+'))), '[]'),
        'filter', CASE WHEN to_jsonb(r) ->> 'prqual' IS NOT NULL THEN 'a row filter' END)
        ORDER BY n.nspname, c.relname)
      FROM pg_publication_rel r
      JOIN pg_class c ON c.oid = r.prrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE r.prpubid = p.oid), '[]')
)::text
  FROM pg_publication p
 ORDER BY p.pubname
