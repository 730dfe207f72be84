-- From when, until when, and now. Half a minute late, so that alerts that were raised by then are stored;
-- what an older sensor sends still later belongs to no interval. At most ten minutes at once, should nobody
-- have counted for long.
SELECT s.since, least(now() - interval '30 seconds', s.since + interval '10 minutes'), now()
  FROM (SELECT coalesce((SELECT c.cursor::timestamptz FROM worker_cursors c WHERE c.worker = 'usage'),
                        now() - interval '30 seconds') AS since) AS s
