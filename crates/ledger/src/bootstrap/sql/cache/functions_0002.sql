-- Notes of changes: written by triggers on watched tables, read by shared caches.

-- The trigger of a table that is watched as a whole. Arguments: app, source, `notify` or `quiet`. A
-- transaction without a number has written nothing.
CREATE OR REPLACE FUNCTION changeover.note_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        PERFORM changeover.write_notes(TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], ARRAY['']);
    END IF;
    RETURN NULL;
END $$;

-- The triggers of a table that is watched by key. Arguments: app, source, `notify` or `quiet`, the key's
-- column, how many keys a statement may name. The rows are in transition tables, one for inserts and
-- deletes, two for updates (a key may change).
CREATE OR REPLACE FUNCTION changeover.note_keys() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rows_of text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT %1$I AS key FROM rows_new'
        WHEN 'DELETE' THEN 'SELECT %1$I AS key FROM rows_old'
        WHEN 'UPDATE' THEN 'SELECT %1$I AS key FROM rows_new UNION ALL SELECT %1$I FROM rows_old'
    END;
    keys text[];
    keys_max integer := TG_ARGV[4];
BEGIN
    IF pg_current_xact_id_if_assigned() IS NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'TRUNCATE' THEN
        keys := ARRAY[''];
    ELSE
        EXECUTE format('SELECT array_agg(k.key) FROM (SELECT DISTINCT coalesce(r.key::text, '''') AS key'
                       ' FROM (' || rows_of || ') AS r LIMIT $1) AS k', TG_ARGV[3])
           INTO keys USING keys_max + 1;
        IF keys IS NULL THEN
            RETURN NULL;
        ELSIF cardinality(keys) > keys_max THEN
            keys := ARRAY[''];
        END IF;
    END IF;
    PERFORM changeover.write_notes(TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], keys);
    RETURN NULL;
END $$;

-- A conflict can only be with a note of the same transaction, or with one restored from a dump, which
-- serves as well. NOTIFY makes the transaction take a lock of the whole server while it commits.
CREATE OR REPLACE FUNCTION changeover.write_notes(of_app text, of_source text, how text, keys text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO changeover.change_note (app, source, xid, key)
    SELECT of_app, of_source, pg_current_xact_id(), k FROM unnest(keys) AS k
    ON CONFLICT DO NOTHING;
    IF how = 'notify' THEN
        PERFORM pg_notify('changeover_cache', of_app);
    END IF;
END $$;

-- A table with all that it is made of.
CREATE OR REPLACE FUNCTION changeover.table_parts(of_relation regclass) RETURNS TABLE (relation oid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE part (relation) AS (
        SELECT of_relation::oid
        UNION
        SELECT i.inhrelid FROM pg_inherits i JOIN part p ON i.inhparent = p.relation
    )
    SELECT p.relation FROM part p
$$;

-- What the triggers of a source are called: by some letters of a hash, since several applications and
-- sources may watch one table, and in several ways.
CREATE OR REPLACE FUNCTION changeover.note_triggers(
    of_app text, of_source text, key_column name, notifies boolean, keys_max integer
) RETURNS name[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN key_column IS NULL THEN ARRAY[s.stem::name]
                ELSE ARRAY[s.stem || '_i', s.stem || '_u', s.stem || '_d', s.stem || '_t']::name[] END
      FROM (SELECT 'changeover_note_' || left(md5(concat_ws('/', of_app, of_source, notifies,
                                                            keys_max, key_column)), 12)) AS s (stem)
$$;

-- Has a table write notes. Run by the owner of table and ledger, in a transaction; what stands already is
-- left alone, so it can be run again (after a partition was made, say). Takes SHARE ROW EXCLUSIVE where a
-- trigger is missing: waits for the table's writers, at most as long as the caller's `lock_timeout`, or
-- two seconds where the caller has none. Returns how many triggers were made.
CREATE OR REPLACE FUNCTION changeover.watch_table_v1(
    of_relation regclass, of_app text, of_source text, key_column name DEFAULT NULL,
    notifies boolean DEFAULT true, keys_max integer DEFAULT 100
) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    how text := CASE WHEN notifies THEN 'notify' ELSE 'quiet' END;
    names name[] := changeover.note_triggers(of_app, of_source, key_column, notifies, keys_max);
    own_lock_timeout text := current_setting('lock_timeout');
    part record;
    name_now name;
    made integer := 0;
BEGIN
    IF key_column IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM pg_attribute a
         WHERE a.attrelid = of_relation AND a.attname = key_column AND NOT a.attisdropped
           AND a.atttypid IN ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'int2'::regtype,
                              'int4'::regtype, 'int8'::regtype)) THEN
        RAISE EXCEPTION 'table % has no column % of a type that can be a key', of_relation, key_column
            USING ERRCODE = '42703', HINT = 'uuid, text, varchar, smallint, integer or bigint';
    END IF;
    IF own_lock_timeout = '0' THEN
        PERFORM set_config('lock_timeout', '2s', true);
    END IF;
    FOR part IN
        SELECT n.nspname, c.relname, c.oid FROM changeover.table_parts(of_relation) p
          JOIN pg_class c ON c.oid = p.relation JOIN pg_namespace n ON n.oid = c.relnamespace
         ORDER BY n.nspname, c.relname
    LOOP
        FOREACH name_now IN ARRAY names LOOP
            CONTINUE WHEN EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = part.oid
                                     AND t.tgname = name_now AND t.tgenabled = 'A');
            IF NOT EXISTS (SELECT 1 FROM pg_trigger t
                            WHERE t.tgrelid = part.oid AND t.tgname = name_now) THEN
                EXECUTE format(
                CASE right(name_now, 2)
                    WHEN '_i' THEN 'CREATE TRIGGER %1$I AFTER INSERT ON %2$I.%3$I '
                                   'REFERENCING NEW TABLE AS rows_new '
                    WHEN '_u' THEN 'CREATE TRIGGER %1$I AFTER UPDATE ON %2$I.%3$I '
                                   'REFERENCING NEW TABLE AS rows_new OLD TABLE AS rows_old '
                    WHEN '_d' THEN 'CREATE TRIGGER %1$I AFTER DELETE ON %2$I.%3$I '
                                   'REFERENCING OLD TABLE AS rows_old '
                    WHEN '_t' THEN 'CREATE TRIGGER %1$I AFTER TRUNCATE ON %2$I.%3$I '
                    ELSE 'CREATE TRIGGER %1$I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %2$I.%3$I '
                END || 'FOR EACH STATEMENT EXECUTE FUNCTION ' || CASE WHEN key_column IS NULL
                    THEN 'changeover.note_change(%4$L, %5$L, %6$L)'
                    ELSE 'changeover.note_keys(%4$L, %5$L, %6$L, %7$L, %8$L)' END,
                name_now, part.nspname, part.relname, of_app, of_source, how, key_column, keys_max);
            END IF;
            -- Also for writers that turn triggers off (session_replication_role = replica).
            EXECUTE format('ALTER TABLE %I.%I ENABLE ALWAYS TRIGGER %I', part.nspname, part.relname,
                           name_now);
            made := made + 1;
        END LOOP;
    END LOOP;
    PERFORM changeover.drop_notes(of_relation, of_app, of_source, names);
    INSERT INTO changeover.watched_table (app, source, relation, triggers)
    VALUES (of_app, of_source, of_relation, names)
    ON CONFLICT (app, source, relation) DO UPDATE SET triggers = excluded.triggers
     WHERE watched_table.triggers <> excluded.triggers;
    IF own_lock_timeout = '0' THEN
        PERFORM set_config('lock_timeout', '0', true);
    END IF;
    RETURN made;
END $$;

-- Drops the triggers of a source that are not to be kept (it is watched in another way now).
CREATE OR REPLACE FUNCTION changeover.drop_notes(
    of_relation regclass, of_app text, of_source text, kept name[]
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old record;
BEGIN
    FOR old IN
        SELECT t.tgname, t.tgrelid::regclass AS part
          FROM changeover.watched_table w CROSS JOIN LATERAL changeover.table_parts(w.relation) p
          JOIN pg_trigger t ON t.tgrelid = p.relation AND t.tgname = ANY (w.triggers)
         WHERE w.app = of_app AND w.source = of_source AND w.relation = of_relation
           AND t.tgname <> ALL (kept)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', old.tgname, old.part);
    END LOOP;
END $$;

-- The end of watching; caches of the source fail from now on.
CREATE OR REPLACE FUNCTION changeover.unwatch_table_v1(of_relation regclass, of_app text, of_source text)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM changeover.drop_notes(of_relation, of_app, of_source, '{}');
    DELETE FROM changeover.watched_table w
     WHERE w.app = of_app AND w.source = of_source AND w.relation = of_relation;
END $$;

-- How a source is watched: changes whenever a trigger, a table or a partition of it was changed, made
-- again or rewritten, even for a moment. NULL: it is not watched, or a trigger is missing or off.
CREATE OR REPLACE FUNCTION changeover.watch_print(of_app text, of_source text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN bool_and(found.complete)
                THEN md5(string_agg(found.print, ',' ORDER BY found.relation)) END
      FROM (
        SELECT p.relation,
               count(t.oid) = cardinality(w.triggers) AS complete,
               concat_ws('/', p.relation, c.relfilenode,
                         string_agg(concat_ws('.', t.oid, t.xmin), '+' ORDER BY t.oid)) AS print
          FROM changeover.watched_table w
         CROSS JOIN LATERAL changeover.table_parts(w.relation) p
          LEFT JOIN pg_class c ON c.oid = p.relation
          LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = ANY (w.triggers)
                                AND t.tgenabled = 'A'
         WHERE w.app = of_app AND w.source = of_source
         GROUP BY w.relation, p.relation, c.relfilenode, w.triggers
      ) AS found
$$;

-- Whether `later` sees all that `earlier` sees.
CREATE OR REPLACE FUNCTION changeover.snapshot_covers(later pg_snapshot, earlier pg_snapshot) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_snapshot_xmax(later) >= pg_snapshot_xmax(earlier)
       AND NOT EXISTS (SELECT 1 FROM pg_snapshot_xip(later) AS x
                        WHERE pg_visible_in_snapshot(x, earlier))
$$;

-- One look of a reader: what was committed since the snapshot of its last one. All of it, and the next
-- snapshot, is read in one. `reset`: that cannot be told any more (the notes were pruned, there are too
-- many, it is the first look): everything may have changed. `source`s and `keys` go together; so do
-- `of_sources` and `prints`.
CREATE OR REPLACE FUNCTION changeover.changes_v1(
    of_app text, of_sources text[], seen pg_snapshot, changes_max integer,
    OUT snapshot text, OUT timeline bigint, OUT reset boolean, OUT sources text[], OUT keys text[],
    OUT prints text[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH change AS MATERIALIZED (
        SELECT DISTINCT n.source, n.key FROM changeover.change_note n
         WHERE n.app = of_app AND n.source = ANY (of_sources) AND n.xid >= pg_snapshot_xmin(seen)
           AND NOT pg_visible_in_snapshot(n.xid, seen)
         LIMIT changes_max + 1
    ), told AS (
        SELECT count(*) AS many, array_agg(c.source) AS sources, array_agg(c.key) AS keys FROM change c
    )
    SELECT pg_current_snapshot()::text, changeover.timeline(),
           seen IS NULL OR told.many > changes_max OR coalesce(
               (SELECT NOT changeover.snapshot_covers(seen, h.pruned)
                  FROM changeover.change_horizon h WHERE h.app = of_app AND h.pruned IS NOT NULL),
               false),
           coalesce(told.sources, '{}'), coalesce(told.keys, '{}'),
           (SELECT coalesce(array_agg(changeover.watch_print(of_app, s.source) ORDER BY s.at), '{}')
              FROM unnest(of_sources) WITH ORDINALITY AS s (source, at))
      FROM told
$$;

-- Says by which number the changes of this transaction can be waited for, on any instance: called by a
-- writer in its transaction, and handed to the readers that must see the write.
CREATE OR REPLACE FUNCTION changeover.change_token_v1() RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT changeover.timeline() || '.' || pg_current_xact_id()
$$;

-- Forgets notes that have been there for `keep_ms` at least, and at most for twice that and a round of the
-- callers; a reader that was away for longer is told to load everything again. By snapshot, not by the time of a
-- note: a transaction that writes early and commits late has an old note that nobody has seen. Called by
-- readers now and then; the second one does nothing.
CREATE OR REPLACE FUNCTION changeover.prune_changes_v1(of_app text, keep_ms bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    h changeover.change_horizon;
    gone bigint;
    gone_max CONSTANT bigint := 20000;
BEGIN
    PERFORM changeover.require_service(of_app);
    SELECT * INTO h FROM changeover.change_horizon c WHERE c.app = of_app
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        INSERT INTO changeover.change_horizon (app, next, next_at)
        VALUES (of_app, pg_current_snapshot(), clock_timestamp()) ON CONFLICT DO NOTHING;
        RETURN 0;
    ELSIF h.next_at > clock_timestamp() - keep_ms * interval '1 millisecond' THEN
        RETURN 0;
    END IF;
    -- First said, then done: both in this transaction.
    UPDATE changeover.change_horizon c SET pruned = h.next WHERE c.app = of_app;
    DELETE FROM changeover.change_note n
     WHERE n.ctid = ANY (ARRAY(
        SELECT o.ctid FROM changeover.change_note o
         WHERE o.app = of_app AND pg_visible_in_snapshot(o.xid, h.next) LIMIT gone_max));
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone < gone_max THEN
        UPDATE changeover.change_horizon c
           SET next = pg_current_snapshot(), next_at = clock_timestamp() WHERE c.app = of_app;
    END IF;
    RETURN gone;
END $$;
