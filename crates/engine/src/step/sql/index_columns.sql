-- The names of an index's columns, as the server makes a default name of them. $1 the index as regclass text.
SELECT a.attname FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 ORDER BY a.attnum
