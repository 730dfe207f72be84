-- A transaction that has written to every table and does not end, as far as others can see: concurrent index
-- builds wait for it, readers and writers do not. Ends with its session.
BEGIN;
DO $$
DECLARE
    of_us regclass;
BEGIN
    FOR of_us IN SELECT oid FROM pg_class
                  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    LOOP
        EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', of_us);
    END LOOP;
END $$;
