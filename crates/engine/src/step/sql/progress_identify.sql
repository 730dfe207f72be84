-- Says which part the progress is of. Of another one under the same name it is forgotten, to begin again.
-- $1 app, $2 step, $3 part, $4 identity.
WITH other AS (
    SELECT FROM changeover.part_identity WHERE app = $1 AND step = $2 AND part = $3 AND identity <> $4
), forgotten AS (
    DELETE FROM changeover.progress
     WHERE app = $1 AND step = $2 AND part = $3 AND EXISTS (SELECT FROM other)
)
INSERT INTO changeover.part_identity (app, step, part, identity) VALUES ($1, $2, $3, $4)
ON CONFLICT (app, step, part) DO UPDATE SET identity = excluded.identity
