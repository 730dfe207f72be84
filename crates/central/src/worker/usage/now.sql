-- From when, until when, and how many deployments. Half a minute late, so that alerts that were raised
-- by then are stored; what an older sensor sends still later belongs to no interval.
SELECT coalesce((SELECT c.cursor::timestamptz FROM worker_cursors c WHERE c.worker = 'usage'),
                now() - interval '30 seconds'),
       now() - interval '30 seconds',
       (SELECT count(*) FROM deployments)
