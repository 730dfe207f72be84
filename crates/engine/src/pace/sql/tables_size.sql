-- How large the tables of a step are, with their parts, in bytes. $1 their names, quoted.
SELECT coalesce(sum(pg_table_size(of.relid)), 0)::bigint
  FROM (SELECT t.relid FROM unnest($1::text[]) AS given (name), pg_partition_tree(to_regclass(given.name)) AS t
         UNION
        SELECT to_regclass(given.name) FROM unnest($1::text[]) AS given (name)) AS of (relid)
 WHERE of.relid IS NOT NULL
