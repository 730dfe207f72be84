-- The queue: what comes in time, and what the dead leave behind. CO004: no member.

-- Forgets the claims of an instance of which nothing holds any more. One look into the queue for each claim
-- of which something does. The planner's choice is taken away, as in claim_v1.
CREATE OR REPLACE FUNCTION changeover.forget_claims(of_instance uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    DELETE FROM changeover.job_claim c
     WHERE c.instance = of_instance AND NOT EXISTS (
           SELECT 1 FROM unnest(c.ids, c.attempts) AS u (id, attempt)
             JOIN changeover.job j ON j.id = u.id AND j.attempt = u.attempt - 1);
END $$;

-- What every member does at every poll: jobs whose time has come are opened, and those of instances that
-- have died are returned; both only for kinds that this instance runs, so that an older release never
-- touches what it does not know. Returns how many jobs became open.
CREATE OR REPLACE FUNCTION changeover.tend_jobs_v1(my_instance uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    my_app text := changeover.member_app(my_instance);
    opened bigint;
    returned_now bigint := 0;
    gone record;
BEGIN
    -- I counted as dead for a while, and live.
    UPDATE changeover.job_consumer c SET returned = false WHERE c.instance = my_instance AND c.returned;
    PERFORM changeover.forget_claims(my_instance);
    UPDATE changeover.job j SET shelf = 'open'
     WHERE j.id = ANY (ARRAY(
           SELECT o.id FROM changeover.job o
             JOIN changeover.job_consumer c ON c.kind_id = o.kind_id AND c.instance = my_instance
            WHERE o.shelf = 'later' AND o.run_at <= clock_timestamp()
            ORDER BY o.run_at LIMIT 1000 FOR NO KEY UPDATE OF o SKIP LOCKED));
    GET DIAGNOSTICS opened = ROW_COUNT;
    FOR gone IN
        SELECT DISTINCT d.instance FROM changeover.job_consumer d
          JOIN changeover.job_consumer c ON c.kind_id = d.kind_id AND c.instance = my_instance
         WHERE d.instance <> my_instance AND NOT d.returned AND NOT changeover.is_live(d.instance)
    LOOP
        returned_now := returned_now + changeover.rescue_jobs(my_instance, gone.instance);
    END LOOP;
    IF opened + returned_now > 0 THEN
        PERFORM pg_notify('changeover_job', my_app);
    END IF;
    RETURN opened + returned_now;
END $$;

-- Returns the jobs of an instance that has died, of kinds that `rescuer` runs. Called, and died: that
-- becomes unknown; what has taken its process with it too often is poison.
CREATE OR REPLACE FUNCTION changeover.rescue_jobs(rescuer uuid, of_instance uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    returned_now bigint;
BEGIN
    -- One rescuer at a time, and none while the instance says that it lives after all.
    PERFORM 1 FROM changeover.instance i
     WHERE i.id = of_instance
       AND (i.left_at IS NOT NULL
            OR i.heartbeat_at <= clock_timestamp() - i.ttl_ms * interval '1 millisecond')
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND AND EXISTS (SELECT 1 FROM changeover.instance i WHERE i.id = of_instance) THEN
        RETURN 0;
    END IF;
    -- Waits for a claim under way; the next statement sees it.
    UPDATE changeover.job_consumer d SET returned = true
      FROM changeover.job_consumer c
     WHERE d.instance = of_instance AND c.instance = rescuer AND c.kind_id = d.kind_id;
    WITH void AS (
        DELETE FROM changeover.job_claim d USING changeover.job_consumer c
         WHERE d.instance = of_instance AND c.instance = rescuer AND c.kind_id = d.kind_id
        RETURNING d.ids, d.attempts)
    UPDATE changeover.job j
       SET attempt = u.attempt, crashes = j.crashes + 1,
           error = CASE WHEN j.called_at IS NOT NULL
                        THEN 'its process ended after the call and before the answer was kept'
                        ELSE 'its process ended before it was done' END,
           run_at = clock_timestamp() + LEAST(j.crashes, 60) * interval '1 second',
           shelf = CASE WHEN j.called_at IS NOT NULL THEN 'unknown'
                        WHEN j.crashes + 1 >= k.max_crashes THEN 'dead'
                        WHEN j.crashes > 0 THEN 'later' ELSE 'open' END
      FROM void v CROSS JOIN LATERAL unnest(v.ids, v.attempts) AS u (id, attempt),
           changeover.job_kind k
     WHERE j.id = u.id AND j.attempt = u.attempt - 1 AND k.id = j.kind_id;
    GET DIAGNOSTICS returned_now = ROW_COUNT;
    RETURN returned_now;
END $$;

