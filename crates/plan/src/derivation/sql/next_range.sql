-- Usually there are $3 more rows, and the last of them is all that is wanted: an index is walked and nothing
-- kept. Only where there are fewer are they counted.
WITH full_range AS MATERIALIZED (
    SELECT {key} FROM ONLY {part} AS t WHERE {range} ORDER BY {key} OFFSET $3::bigint - 1 LIMIT 1
), last_range AS MATERIALIZED (
    SELECT {key} FROM ONLY {part} AS t WHERE NOT EXISTS (SELECT FROM full_range) AND {range}
     ORDER BY {key} LIMIT $3::bigint
)
SELECT $3::bigint, ARRAY[{found_texts}]::text[] FROM full_range AS r
 UNION ALL
(SELECT (SELECT count(*) FROM last_range), ARRAY[{found_texts}]::text[] FROM last_range AS r
  ORDER BY {found_descending} LIMIT 1)
