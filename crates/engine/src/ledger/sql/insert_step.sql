-- $1 app, $2 id, $3 plan, $4 position, $5 migration, $6 phase, $7 before_serving, $8 floor,
-- $9 needs, $10 kind, $11 title, $12 step
INSERT INTO changeover.step
    (app, id, plan_id, position, migration, phase, before_serving, floor, needs, kind, title, step)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
