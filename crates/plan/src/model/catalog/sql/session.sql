-- The server's version, the search path, and who plans: its role, its rights, and settings that a run
-- would meet. "changeover" is the ledger's own schema.
SELECT jsonb_build_object(
  'server_version', current_setting('server_version_num')::integer,
  'search_path', to_jsonb(current_schemas(false)::text[]),
  'session', jsonb_build_object(
    'database', current_database(), 'role', current_user,
    'superuser', (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user),
    'may_create_schemas', has_database_privilege(current_database(), 'CREATE'),
    'ledger_is_there', EXISTS (SELECT FROM pg_namespace WHERE nspname = 'changeover'),
    -- As set for role or database, else in the server's file. Our own sessions may be read-only by
    -- their start: that is no obstacle.
    'read_only', coalesce(
        (SELECT lower(split_part(c.setting, '=', 2)) IN ('on', 'true', 'yes', '1')
           FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
          WHERE c.setting LIKE 'default\_transaction\_read\_only=%'
            AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
          ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1),
        (SELECT d.setting = 'on' AND d.source = 'configuration file'
           FROM pg_settings d WHERE d.name = 'default_transaction_read_only')),
    'standby', pg_is_in_recovery(),
    'settings', (SELECT jsonb_object_agg(o.name, o.setting) FROM pg_settings o
                  WHERE o.name IN ('lc_numeric', 'lc_time', 'lc_monetary', 'default_text_search_config')),
    'schemas', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'name', n.nspname,
        'may_create', has_schema_privilege(n.oid, 'CREATE'),
        'functions', coalesce((SELECT jsonb_agg(DISTINCT f.proname) FROM pg_proc f
                                WHERE f.pronamespace = n.oid), '[]'),
        'others_may_create', coalesce((SELECT jsonb_agg(DISTINCT coalesce(r.rolname, 'public'))
            FROM aclexplode(n.nspacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
           WHERE g.privilege_type = 'CREATE' AND g.grantee <> n.nspowner
             AND coalesce(NOT r.rolsuper AND r.rolname <> current_user
                          AND r.rolname NOT LIKE 'pg\_%', g.grantee = 0)), '[]')) ORDER BY n.nspname), '[]')
      FROM pg_namespace n
     WHERE n.nspname NOT IN ('changeover', 'information_schema') AND n.nspname NOT LIKE 'pg\_%'))
)::text
