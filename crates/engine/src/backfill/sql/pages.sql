-- How large a table is, in pages. $1 table as regclass text.
SELECT pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint
