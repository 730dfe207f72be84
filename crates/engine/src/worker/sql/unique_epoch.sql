-- Whether the key stands that makes the guard's lock conflict with the next grant.
SELECT EXISTS (
    SELECT 1 FROM pg_index i
     WHERE i.indrelid = 'changeover.worker'::regclass
       AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 3
       AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
              FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) = '{app,epoch,name}')
