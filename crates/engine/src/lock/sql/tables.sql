-- Those of the given names that are tables or partitioned tables. $1 names as regclass texts.
SELECT given.name FROM unnest($1::text[]) AS given(name)
  JOIN pg_class c ON c.oid = to_regclass(given.name) AND c.relkind IN ('r', 'p')
