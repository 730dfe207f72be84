-- Whether the key stands that makes a guard's lock conflict with the next grant.
-- $1 table, $2 its columns.
SELECT EXISTS (
    SELECT 1 FROM pg_index i
     WHERE i.indrelid = $1::text::regclass
       AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = cardinality($2::text[])
       AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
              FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))
           = ARRAY(SELECT c FROM unnest($2::text[]) AS c ORDER BY c))
