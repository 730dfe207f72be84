-- The statement that reads every table of users as a long report would: it locks them all.
SELECT 'LOCK TABLE ' || string_agg(format('%I.%I', n.nspname, c.relname), ', ')
       || ' IN ACCESS SHARE MODE'
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'changeover')
   AND n.nspname NOT LIKE 'pg\_temp\_%'
