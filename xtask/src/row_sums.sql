-- The query that sums up each table's rows, to be run one by one. A moment of the last hour counts as
-- `infinity`, which no row holds otherwise: it is that of the run, and two runs differ in it rightly.
SELECT c.oid::regclass::text AS title,
       format(
           'SELECT count(*)::text || '' rows '' || coalesce(md5(string_agg(r::text, E''\n'' ORDER BY r::text COLLATE "C")), ''-'') FROM (SELECT %s FROM %s) r',
           string_agg(
               format(
                   CASE WHEN a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype)
                        THEN 'CASE WHEN %1$I > now() - interval ''1 hour'' THEN ''infinity'' ELSE %1$I END'
                        ELSE '%1$I' END,
                   a.attname),
               ', ' ORDER BY a.attnum),
           c.oid::regclass) AS query
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
 GROUP BY c.oid
 ORDER BY title
