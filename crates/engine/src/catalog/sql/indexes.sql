-- Indexes: method, key columns (none where one is an expression), unique, primary, valid, partial or
-- expression, constraint.
SELECT n.nspname::text, t.relname::text, x.relname::text, m.amname::text,
       CASE WHEN 0 = ANY (i.indkey::int2[]) THEN '{}'
            ELSE (SELECT array_agg(a.attname::text ORDER BY k.position)
                    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, position)
                    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
                   WHERE k.position <= i.indnkeyatts) END,
       i.indisunique, i.indisprimary, i.indisvalid,
       i.indpred IS NOT NULL OR i.indexprs IS NOT NULL,
       (SELECT con.conname::text FROM pg_constraint con
         WHERE con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x') LIMIT 1)
  FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_am m ON m.oid = x.relam
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'
 ORDER BY 1, 2, 3
