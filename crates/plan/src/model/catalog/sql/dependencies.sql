-- What users' objects depend on, by column. A view stands for its rule, an array for its element, a
-- composite type for its hidden relation. Objects that initdb made have oids below 16384. Left out:
-- the ledger's own, NOT NULL constraints, and internal triggers.
WITH thing AS (
  SELECT 'pg_class'::regclass::oid AS class, c.oid AS object, 0 AS part, CASE
           WHEN c.relkind = 'c' THEN jsonb_build_object('type', 'type',
                'name', jsonb_build_object('schema', n.nspname, 'name', c.relname))
           ELSE jsonb_build_object('type', 'relation',
                'name', jsonb_build_object('schema', n.nspname, 'name', c.relname)) END AS json
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid >= 16384 AND c.relkind <> 't' AND n.nspname <> 'changeover'
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, a.attnum, CASE
           WHEN c.relkind = 'c' THEN jsonb_build_object('type', 'type',
                'name', jsonb_build_object('schema', n.nspname, 'name', c.relname))
           ELSE jsonb_build_object('type', 'column', 'name', a.attname,
                'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname)) END
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid >= 16384 AND c.relkind NOT IN ('t', 'i', 'I') AND n.nspname <> 'changeover'
     AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT 'pg_constraint'::regclass, k.oid, 0, jsonb_build_object('type', 'constraint', 'name', k.conname,
         'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE k.oid >= 16384 AND k.contype <> 'n' AND n.nspname <> 'changeover'
  UNION ALL
  SELECT 'pg_attrdef'::regclass, d.oid, 0, jsonb_build_object('type', 'default', 'name', a.attname,
         'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname))
    FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname <> 'changeover'
  UNION ALL
  SELECT 'pg_trigger'::regclass, t.oid, 0, jsonb_build_object('type', 'trigger', 'name', t.tgname,
         'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND n.nspname <> 'changeover'
  UNION ALL
  SELECT 'pg_policy'::regclass, p.oid, 0, jsonb_build_object('type', 'policy', 'name', p.polname,
         'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT 'pg_rewrite'::regclass, w.oid, 0, CASE
           WHEN w.rulename = '_RETURN' THEN jsonb_build_object('type', 'relation',
                'name', jsonb_build_object('schema', n.nspname, 'name', c.relname))
           ELSE jsonb_build_object('type', 'rule', 'name', w.rulename,
                'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname)) END
    FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE w.oid >= 16384 AND n.nspname <> 'changeover'
  UNION ALL
  SELECT 'pg_proc'::regclass, f.oid, 0, jsonb_build_object('type', 'function',
         'name', jsonb_build_object('schema', n.nspname, 'name', f.proname),
         'arguments', pg_get_function_identity_arguments(f.oid))
    FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
   WHERE f.oid >= 16384 AND n.nspname <> 'changeover'
  UNION ALL
  SELECT 'pg_type'::regclass, t.oid, 0, jsonb_build_object('type', 'type',
         'name', jsonb_build_object('schema', n.nspname, 'name', coalesce(e.typname, t.typname)))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
   WHERE t.oid >= 16384 AND n.nspname <> 'changeover' AND n.nspname NOT LIKE 'pg\_toast%'
  UNION ALL
  SELECT 'pg_publication_rel'::regclass, r.oid, 0, jsonb_build_object('type', 'publication',
         'name', p.pubname, 'relation', jsonb_build_object('schema', n.nspname, 'name', c.relname))
    FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
    JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
), edge AS (
  SELECT DISTINCT o.json AS on_json, CASE WHEN d.deptype = 'n' THEN 'bars' ELSE 'goes' END AS kind,
         coalesce(b.json, jsonb_build_object('type', 'other', 'description',
                  pg_describe_object(d.classid, d.objid, d.objsubid))) AS by_json
    FROM pg_depend d
    JOIN thing o ON o.class = d.refclassid AND o.object = d.refobjid AND o.part = d.refobjsubid
    LEFT JOIN thing b ON b.class = d.classid AND b.object = d.objid AND b.part = d.objsubid
   WHERE d.objid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S')
     AND (b.json IS NOT NULL
          OR (d.deptype = 'n'
              AND d.classid NOT IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass,
                                    'pg_rewrite'::regclass, 'pg_trigger'::regclass,
                                    'pg_attrdef'::regclass)
              AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (
                    SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.contype = 'n'))))
     AND NOT (d.classid = 'pg_attrdef'::regclass AND d.deptype IN ('a', 'i')
              AND d.refclassid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_attrdef own
                    WHERE own.oid = d.objid AND own.adrelid = d.refobjid AND own.adnum = d.refobjsubid))
)
SELECT jsonb_build_object('on', on_json, 'by', by_json, 'kind', kind)::text
  FROM edge WHERE on_json <> by_json
 ORDER BY on_json, by_json, kind
