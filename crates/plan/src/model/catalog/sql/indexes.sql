-- Indexes of users' relations. Key columns: none where one of them is an expression. Columns of
-- expressions and predicates are those that the index depends on without having them as keys.
SELECT jsonb_build_object(
  'on', jsonb_build_object('schema', n.nspname, 'name', t.relname),
  'is', jsonb_build_object(
    'name', x.relname, 'method', m.amname,
    'columns', CASE WHEN 0 = ANY (i.indkey::int2[]) THEN '[]'::jsonb ELSE
        coalesce((SELECT jsonb_agg(a.attname ORDER BY k.position)
           FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, position)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
          WHERE k.position <= i.indnkeyatts), '[]') END,
    'unique', i.indisunique, 'primary', i.indisprimary, 'valid', i.indisvalid,
    'deferrable', NOT i.indimmediate,
    'partial_or_expression', i.indpred IS NOT NULL OR i.indexprs IS NOT NULL,
    'expression_columns', CASE WHEN i.indpred IS NULL AND i.indexprs IS NULL THEN '[]'::jsonb ELSE
        coalesce((SELECT jsonb_agg(DISTINCT a.attname)
           FROM pg_depend d JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid), '[]') END,
    'collated_columns', coalesce((SELECT jsonb_agg(a.attname)
           FROM unnest(i.indkey::int2[], i.indcollation::oid[]) AS k(number, collated)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
          WHERE k.collated <> 0 AND k.collated <> a.attcollation), '[]'),
    'constraint', (SELECT con.conname FROM pg_constraint con
                    WHERE con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x') LIMIT 1))
)::text
  FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_am m ON m.oid = x.relam
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY n.nspname, t.relname, x.relname
