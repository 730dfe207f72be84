-- The parts that a check has seen through to their end. $1 app, $2 step.
SELECT part FROM changeover.progress WHERE app = $1 AND step = $2 AND finished
