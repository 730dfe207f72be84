WITH r AS MATERIALIZED (
    SELECT {key} FROM ONLY {part} AS t WHERE {range} ORDER BY {key} LIMIT $3::bigint)
SELECT (SELECT count(*) FROM r), ARRAY[{found_texts}]::text[] FROM r ORDER BY {found_descending} LIMIT 1
