(SELECT t.* FROM ONLY {part} AS t WHERE {range}) AS t, LATERAL {safe} AS v
 WHERE (v.changeover_error IS NOT NULL OR {computed_differs})
