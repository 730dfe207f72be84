-- Whether nothing of the migrations from a number on has taken effect, so that they may be planned
-- again: no step is done, and those that were begun either left nothing (one transaction) or cleaned
-- up after themselves. $1 app, $2 number.
SELECT NOT EXISTS (
           SELECT 1 FROM changeover.step s
            WHERE s.app = $1 AND s.migration >= $2
              AND NOT (s.state <> 'done'
                       AND (s.attempts = 0
                            OR s.kind IN ('ddl', 'sync_install', 'sync_drop', 'constraint_validate')
                            OR (s.kind = 'index_build' AND s.state = 'failed')
                            OR (s.kind = 'script'
                                AND (s.step -> 'kind' ->> 'transactional')::boolean))))
   AND NOT EXISTS (SELECT 1 FROM changeover.migration m
                    WHERE m.app = $1 AND m.number >= $2 AND m.adopted)
