-- Whether an UPDATE of a part fires anything that could change what a batch has read, or write to the table
-- itself: everything but our own triggers and the server's own looks at foreign keys and unique ones.
-- $1 part as regclass text.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
     WHERE t.tgrelid = pg_catalog.to_regclass($1) AND t.tgenabled <> 'D' AND t.tgtype & 16 <> 0
       AND t.tgname NOT LIKE 'zzzz\_changeover\_%'
       AND NOT (t.tgisinternal AND p.pronamespace = 'pg_catalog'::regnamespace
                AND p.proname IN ('RI_FKey_check_upd', 'RI_FKey_noaction_upd', 'RI_FKey_restrict_upd',
                                  'unique_key_recheck')))
