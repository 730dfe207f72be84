-- Puts rows into every table of the schema public, as many as the setting `histories.rows` says;
-- nullable columns are NULL in every fifth row where `histories.nulls` is on. Values are made from
-- the row's number ($1) by type alone, so what a foreign key holds is found in the table it points
-- to. Row by row: one that a constraint forbids is left out, the others stay. Run as superuser, since
-- foreign keys and the users' own triggers have to rest meanwhile.
SET session_replication_role = replica;
DO $filler$
DECLARE
    relation record;
    insertion text;
BEGIN
    FOR relation IN
        SELECT oid, oid::regclass::text AS title FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    LOOP
        SELECT format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s', relation.title,
                   string_agg(format('%I', attname), ', ' ORDER BY attnum),
                   string_agg(
                       format(
                           CASE WHEN nullable THEN 'CASE WHEN ($1 + %s) %% 5 = 0 THEN NULL ELSE (%s)::%s END'
                                ELSE '/* %s */ (%s)::%s' END,
                           attnum, CASE WHEN is_array THEN format('ARRAY[%s]', plain) ELSE plain END, type_sql),
                       ', ' ORDER BY attnum))
          INTO insertion
          FROM (
            SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) AS type_sql,
                   current_setting('histories.nulls')::boolean AND NOT a.attnotnull AS nullable,
                   t.typcategory = 'A' AS is_array,
                   CASE
                     WHEN e.typcategory = 'E' THEN
                       format('(enum_range(NULL::%1$s))[1 + $1 %% cardinality(enum_range(NULL::%1$s))]', e.oid::regtype)
                     WHEN e.typcategory = 'N' THEN '$1'
                     WHEN e.typcategory = 'B' THEN '$1 % 2 = 0'
                     WHEN e.typcategory = 'S' THEN '''v'' || $1'
                     WHEN e.typcategory = 'I' THEN '(''10.0.0.'' || $1)::inet'
                     WHEN e.typcategory = 'T' THEN 'interval ''1 hour'' * $1'
                     WHEN e.typname IN ('time', 'timetz') THEN 'time ''00:00'' + interval ''1 minute'' * $1'
                     WHEN e.typcategory = 'D' THEN 'timestamp ''2024-01-01'' + interval ''1 hour'' * $1'
                     WHEN e.typname = 'bytea' THEN 'decode(lpad(to_hex($1), 40, ''0''), ''hex'')'
                     WHEN e.typname = 'uuid' THEN 'md5(($1)::text)::uuid'
                     -- The form that the CHECK constraints of one of these histories ask for.
                     WHEN e.typname IN ('json', 'jsonb') THEN
                       'jsonb_build_object(''message'', jsonb_build_object(''number'', $1, ''proposal'', jsonb_build_object(''number'', $1)))'
                     ELSE 'NULL'
                   END AS plain
              FROM pg_attribute a
              JOIN pg_type t ON t.oid = a.atttypid
              JOIN pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
             WHERE a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          ) typed
        HAVING count(*) > 0;
        CONTINUE WHEN insertion IS NULL;
        FOR number IN 1..current_setting('histories.rows')::integer LOOP
            BEGIN
                EXECUTE insertion USING number;
            EXCEPTION
                WHEN integrity_constraint_violation OR data_exception THEN
                    RAISE DEBUG 'row % of % left out: %', number, relation.title, SQLERRM;
            END;
        END LOOP;
    END LOOP;
END
$filler$;
RESET session_replication_role;
ANALYZE
