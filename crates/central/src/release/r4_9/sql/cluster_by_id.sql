-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
SELECT id, name FROM clusters WHERE id = $1
