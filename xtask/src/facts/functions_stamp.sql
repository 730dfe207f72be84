-- Another text where a function was made, changed or dropped.
SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_proc
