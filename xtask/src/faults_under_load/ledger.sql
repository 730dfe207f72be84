-- What the ledger says at the end, comparable between a run under load and one without: figures of rows
-- depend on what was written meanwhile and are left out. $1 app.
SELECT line FROM (
    SELECT format('head %s floor %s', head, floor) AS line FROM changeover.app WHERE app = $1
    UNION ALL
    SELECT format('step %s %s %s %s', id, phase, kind, state) FROM changeover.step WHERE app = $1
    UNION ALL
    SELECT format('migration %s %s', number, checksum) FROM changeover.migration WHERE app = $1
    UNION ALL
    SELECT format('progress %s %s finished %s', p.step, p.part, p.finished)
      FROM changeover.progress p
      JOIN changeover.step s ON s.app = p.app AND s.id = p.step
     WHERE p.app = $1 AND s.kind IN ('backfill', 'backfill_check')
    UNION ALL
    SELECT format('skipped %s %s %s', step, part, key) FROM changeover.skipped_row WHERE app = $1
    UNION ALL
    SELECT format('parked %s %s %s', step, relation, key) FROM changeover.parked_row WHERE app = $1
) lines ORDER BY line
