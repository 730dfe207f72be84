-- Frozen with release 4.10: later releases have their own copy, even where it is the same.
SELECT id, name FROM clusters WHERE id = $1
