-- What one backend holds and waits for. $1 pid. `relation` is NULL for what is no relation; waiting
-- for one of those is how a concurrent index build waits for older transactions.
SELECT l.relation, l.mode, l.granted
  FROM pg_locks l
 WHERE l.pid = $1
   AND (l.locktype = 'relation'
            AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        OR l.locktype IN ('virtualxid', 'transactionid') AND NOT l.granted)
