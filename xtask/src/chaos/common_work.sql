-- The work that programs of all languages share (as in docs/examples/migrations), and what was enqueued.
CREATE TABLE public.tally (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker  text NOT NULL,
    epoch   bigint NOT NULL,
    told_by uuid NOT NULL
);
CREATE TABLE public.greeting (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job        bigint NOT NULL,
    attempt    integer NOT NULL,
    name       text NOT NULL,
    greeted_by uuid NOT NULL
);
CREATE TABLE public.chaos_enqueued (job bigint PRIMARY KEY);

-- Gates in mid-unit: a unit that has made its first write waits here while the striker holds the gate.
-- The wait is a statement that runs: no server ends the transaction for being idle, so that the one that is
-- struck meanwhile wakes up with a transaction that it can still end.
CREATE FUNCTION public.chaos_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7, TG_ARGV[0]::integer);
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_gate AFTER INSERT ON public.tally
    FOR EACH ROW EXECUTE FUNCTION public.chaos_gate(1);
CREATE TRIGGER chaos_gate AFTER INSERT ON public.greeting
    FOR EACH ROW EXECUTE FUNCTION public.chaos_gate(2);
CREATE TRIGGER chaos_gate AFTER INSERT OR UPDATE ON public.worker_cursors
    FOR EACH ROW WHEN (NEW.worker = 'reprocessor') EXECUTE FUNCTION public.chaos_gate(3);
