-- One that is written meanwhile is left for the next batch: deleting never waits for a request, and two
-- that delete never wait for each other.
DELETE FROM alerts
 WHERE id = ANY (ARRAY(
       SELECT id FROM alerts WHERE id = ANY ($1) AND state = 'RESOLVED'
        ORDER BY id FOR UPDATE SKIP LOCKED))
