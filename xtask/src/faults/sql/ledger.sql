-- What the ledger says at the end, comparable between runs: which steps are done, and how far long steps
-- came. Progress of index builds is left out: it is written only where one takes long. $1 app.
SELECT line FROM (
    SELECT format('head %s floor %s', head, floor) AS line FROM changeover.app WHERE app = $1
    UNION ALL
    SELECT format('step %s %s', id, state) FROM changeover.step WHERE app = $1
    UNION ALL
    SELECT format('migration %s %s', number, checksum) FROM changeover.migration WHERE app = $1
    UNION ALL
    SELECT format('progress %s %s finished %s done %s written %s', p.step, p.part, p.finished, p.done,
                  p.written)
      FROM changeover.progress p
      JOIN changeover.step s ON s.app = p.app AND s.id = p.step
     WHERE p.app = $1 AND s.kind IN ('backfill', 'backfill_check')
    UNION ALL
    SELECT format('skipped %s %s %s', step, part, key) FROM changeover.skipped_row WHERE app = $1
) lines ORDER BY line
