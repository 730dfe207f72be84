-- 2.5 to 3.5 s: about a lease, and with half a lease of idleness after it, which ends a transaction, longer
-- than a pause.
CREATE FUNCTION public.chaos_slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(2.5 + random());
    RETURN NEW;
END $$;
CREATE TRIGGER chaos_slow BEFORE INSERT ON public.worker_cursors
    FOR EACH ROW WHEN (NEW.worker = 'reprocessor') EXECUTE FUNCTION public.chaos_slow();
