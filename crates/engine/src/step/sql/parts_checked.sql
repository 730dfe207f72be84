-- The parts that a check has seen through to their end, and which they were. $1 app, $2 step.
SELECT p.part, i.identity
  FROM changeover.progress p LEFT JOIN changeover.part_identity i USING (app, step, part)
 WHERE p.app = $1 AND p.step = $2 AND p.finished
