-- What services say to whom sets the pace.

-- Says how long my requests took lately (the 95th of a hundred, in ms): what runs long gives way where it has got
-- worse. `my_source` is who says so, e.g. an instance's id; each has one row, and counts for ten seconds. CO003: no
-- such application.
CREATE OR REPLACE FUNCTION changeover.report_latency_v1(
    my_app text, my_source text, my_p95_ms double precision
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM changeover.app a WHERE a.app = my_app) THEN
        RAISE EXCEPTION 'application % is not in the ledger', my_app USING ERRCODE = 'CO003';
    END IF;
    PERFORM changeover.require_service(my_app);
    INSERT INTO changeover.latency_report (app, source, p95_ms)
    VALUES (my_app, my_source, my_p95_ms)
    ON CONFLICT (app, source) DO UPDATE
        SET p95_ms = excluded.p95_ms, reported_at = excluded.reported_at;
    -- Those that have ended: the next report removes them.
    DELETE FROM changeover.latency_report r
     WHERE r.app = my_app AND r.reported_at < clock_timestamp() - interval '1 hour';
END $$;
