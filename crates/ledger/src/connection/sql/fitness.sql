-- What the owner's session must know before it changes anything: version, standby, read-only and by whom,
-- database, who logged in, who acts, whether that role may make a schema.
SELECT current_setting('server_version_num')::int,
       pg_is_in_recovery(),
       s.setting = 'on',
       s.source::text,
       quote_ident(current_database()),
       quote_ident(session_user),
       quote_ident(current_user),
       has_database_privilege(current_database(), 'CREATE')
  FROM pg_settings s
 WHERE s.name = 'default_transaction_read_only'
