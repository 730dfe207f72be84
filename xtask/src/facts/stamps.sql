-- Another text where a function was made, changed or dropped; and where something was that relations
-- of any name may show: types of their own, publications, event triggers, settings of the search.
SELECT (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_proc),
       concat_ws(' ', current_schemas(false)::text,
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_namespace),
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_type
           WHERE typtype <> 'c' AND typcategory <> 'A'),
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_class WHERE relkind = 'c'),
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_publication),
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_publication_rel),
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_event_trigger),
         (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_extension))
