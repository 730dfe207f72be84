-- Says that I wait for the term, and with which head. $1 app, $2 holder, $3 head.
INSERT INTO changeover.term_waiter AS w (app, holder, head, seen_at)
VALUES ($1, $2, $3, clock_timestamp())
ON CONFLICT (app, holder) DO UPDATE SET head = excluded.head, seen_at = excluded.seen_at
