-- Everything that users made in this database, one line a thing, comparable between databases.
-- Numbers that differ between equal schemas (oids, gaps that dropped columns leave) do not appear.
-- Run with an empty search_path, so that every name is printed with its schema.
WITH ours AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'changeover')
),
by_extension AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),
relation AS (
    SELECT c.*, format('%I.%I', n.nspname, c.relname) AS title
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM by_extension e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
),
columns AS (
    SELECT a.*, r.title, r.relkind,
           row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS place
    FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
),
lines(line) AS (
    SELECT format('schema %I privileges %s', nspname, coalesce(nspacl::text, '-'))
    FROM pg_namespace n JOIN ours USING (oid, nspname)
    UNION ALL
    SELECT format('extension %I', extname) FROM pg_extension
    UNION ALL
    SELECT format('relation %s kind %s persistence %s owner %s options %s rows %s/%s identity %s partition %s %s of %s privileges %s',
        title, relkind, relpersistence, pg_get_userbyid(relowner), coalesce(reloptions::text, '-'),
        relrowsecurity, relforcerowsecurity, relreplident,
        CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) ELSE '-' END,
        coalesce(pg_get_expr(relpartbound, oid), '-'),
        coalesce((SELECT string_agg(inhparent::regclass::text, ',' ORDER BY inhseqno)
                  FROM pg_inherits WHERE inhrelid = oid), '-'),
        coalesce(relacl::text, '-'))
    FROM relation WHERE relkind NOT IN ('i', 'I')
    UNION ALL
    SELECT format('column %s %s %I type %s null %s default %s generated %s identity %s collation %s storage %s statistics %s options %s privileges %s',
        c.title, c.place, c.attname, format_type(c.atttypid, c.atttypmod), NOT c.attnotnull,
        coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), c.attgenerated, c.attidentity,
        CASE WHEN c.attcollation = 0 THEN '-' ELSE c.attcollation::regcollation::text END,
        c.attstorage, coalesce(c.attstattarget::int, -1), coalesce(c.attoptions::text, '-'),
        coalesce(c.attacl::text, '-'))
    FROM columns c LEFT JOIN pg_attrdef d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
    UNION ALL
    SELECT format('index %s valid %s ready %s replica identity %s clustered %s options %s',
        pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisreplident, i.indisclustered,
        coalesce(r.reloptions::text, '-'))
    FROM pg_index i JOIN relation r ON r.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
                      WHERE t.oid = i.indrelid AND n.nspname = 'pg_toast')
    UNION ALL
    SELECT format('constraint %s %I %s validated %s local %s', r.title, c.conname,
        pg_get_constraintdef(c.oid), c.convalidated, c.conislocal)
    FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid
    UNION ALL
    SELECT format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('function %s owner %s privileges %s', pg_get_functiondef(p.oid),
        pg_get_userbyid(p.proowner), coalesce(p.proacl::text, '-'))
    FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p')
      AND NOT EXISTS (SELECT FROM by_extension e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
    UNION ALL
    SELECT format('aggregate or window function %s', p.oid::regprocedure)
    FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace WHERE p.prokind NOT IN ('f', 'p')
    UNION ALL
    SELECT format('view %s populated %s: %s', title, relispopulated, pg_get_viewdef(oid))
    FROM relation WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT format('type %s kind %s base %s null %s default %s labels %s owner %s privileges %s',
        t.oid::regtype, t.typtype, CASE WHEN t.typbasetype = 0 THEN '-' ELSE format_type(t.typbasetype, t.typtypmod) END,
        NOT t.typnotnull, coalesce(t.typdefault, '-'),
        coalesce((SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
                  FROM pg_enum e WHERE e.enumtypid = t.oid), '-'),
        pg_get_userbyid(t.typowner), coalesce(t.typacl::text, '-'))
    FROM pg_type t JOIN ours n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r', 'm')
    UNION ALL
    SELECT format('domain constraint %s %I %s', c.contypid::regtype, c.conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN ours n ON n.oid = c.connamespace WHERE c.contypid <> 0
    UNION ALL
    SELECT format('sequence %s type %s start %s increment %s min %s max %s cache %s cycle %s owned by %s',
        r.title, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
        s.seqcache, s.seqcycle,
        coalesce((SELECT format('%s.%I', d.refobjid::regclass, a.attname)
                  FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
                    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), '-'))
    FROM pg_sequence s JOIN relation r ON r.oid = s.seqrelid
    UNION ALL
    SELECT format('policy %I.%I %I %s for %s to %s using %s check %s', p.schemaname, p.tablename, p.policyname,
        p.permissive, p.cmd, p.roles::text, coalesce(p.qual, '-'), coalesce(p.with_check, '-'))
    FROM pg_policies p JOIN ours n ON n.nspname = p.schemaname
    UNION ALL
    SELECT format('rule %s', pg_get_ruledef(w.oid))
    FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
    UNION ALL
    SELECT format('statistics %s', pg_get_statisticsobjdef(s.oid))
    FROM pg_statistic_ext s JOIN ours n ON n.oid = s.stxnamespace
    UNION ALL
    SELECT format('default privileges %s %s %s %s', pg_get_userbyid(defaclrole), defaclnamespace, defaclobjtype, defaclacl)
    FROM pg_default_acl
    UNION ALL
    SELECT format('comment on %s %s: %s', i.type, i.identity, d.description)
    FROM pg_description d
    CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE i.schema IN (SELECT nspname FROM ours)
       OR d.classoid IN ('pg_constraint'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass)
)
SELECT line FROM lines ORDER BY line
