-- Says that I wait for the term no longer. $1 app, $2 holder.
DELETE FROM changeover.term_waiter WHERE app = $1 AND holder = $2
