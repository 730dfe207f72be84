SELECT {key}, count(*) OVER ()
  FROM {table} AS t
 WHERE {condition}
 LIMIT 3
