-- Each relation and function of the ledger, with what PUBLIC and each of the given roles may. $1 roles.
-- An object that a migration's steps have made is named after it, and has a dot in its name.
WITH role AS (
    SELECT 1 AS place, 'public' AS name
    UNION ALL
    SELECT 1 + g.place, g.name FROM unnest($1::text[]) WITH ORDINALITY AS g (name, place)
), object AS (
    SELECT 'relation' AS sort, c.relname::text AS name, c.oid, c.relkind
      FROM pg_class c
     WHERE c.relnamespace = 'changeover'::regnamespace AND c.relkind IN ('r', 'v', 'p', 'S')
       AND c.relname NOT LIKE '%.%'
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, p.oid, 'f'
      FROM pg_proc p
     WHERE p.pronamespace = 'changeover'::regnamespace AND p.proname NOT LIKE '%.%'
    UNION ALL
    SELECT 'schema', 'changeover', 'changeover'::regnamespace::oid, 'n'
), right_of AS (
    SELECT o.sort, o.name, r.place, r.name AS role, p.letter
      FROM object o CROSS JOIN role r
      CROSS JOIN LATERAL (VALUES
          ('r', 'rvpS', 'SELECT'), ('a', 'rvp', 'INSERT'), ('w', 'rvpS', 'UPDATE'), ('d', 'rvp', 'DELETE'),
          ('D', 'rvp', 'TRUNCATE'), ('t', 'rvp', 'TRIGGER'), ('U', 'Sn', 'USAGE'), ('C', 'n', 'CREATE'),
          ('X', 'f', 'EXECUTE')) AS p (letter, kinds, privilege)
     WHERE strpos(p.kinds, o.relkind::text) > 0
       AND CASE o.relkind WHEN 'f' THEN has_function_privilege(r.name, o.oid, p.privilege)
                          WHEN 'n' THEN has_schema_privilege(r.name, o.oid, p.privilege)
                          WHEN 'S' THEN has_sequence_privilege(r.name, o.oid, p.privilege)
                          ELSE has_table_privilege(r.name, o.oid, p.privilege) END
)
SELECT o.sort || ' ' || o.name || ': ' || string_agg(
           r.name || '=' || coalesce((SELECT string_agg(x.letter, '' ORDER BY x.letter COLLATE "C")
                                        FROM right_of x
                                       WHERE x.sort = o.sort AND x.name = o.name AND x.role = r.name), '-'),
           ' ' ORDER BY r.place)
  FROM object o CROSS JOIN role r
 GROUP BY o.sort, o.name
 ORDER BY o.sort COLLATE "C", o.name COLLATE "C"
