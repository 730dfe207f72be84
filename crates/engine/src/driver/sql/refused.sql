-- Keeps why a release was refused; one row a release, however often it is started.
-- $1 app, $2 head, $3 release, $4 host, $5 pid, $6 refusals, $7 how many there are.
INSERT INTO changeover.refused_release AS r (app, head, release, host, pid, refusals, total)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (app, head, release) DO UPDATE
    SET host = excluded.host, pid = excluded.pid, refusals = excluded.refusals, total = excluded.total,
        at = clock_timestamp(), times = r.times + 1
