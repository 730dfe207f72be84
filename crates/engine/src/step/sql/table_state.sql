-- What somebody has done to a table, or to a part of it, with which a backfill cannot go on: one line each,
-- the relation and what it is. $1 table as regclass text, $2 the sync trigger, or NULL where there is none.
WITH part AS (
    SELECT to_regclass($1::text)::oid AS oid WHERE to_regclass($1::text) IS NOT NULL
    UNION
    SELECT p.relid::oid FROM pg_partition_tree(to_regclass($1::text)) p
)
SELECT $1::text, 'it is not there: it was renamed, moved or dropped' WHERE to_regclass($1::text) IS NULL
UNION ALL
SELECT part.oid::regclass::text, format('the trigger %s is missing, or somebody has disabled it', $2::text)
  FROM part
 WHERE $2::text IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM pg_trigger t
            WHERE t.tgrelid = part.oid AND t.tgname = $2::text AND t.tgenabled = 'A')
UNION ALL
SELECT part.oid::regclass::text,
       format('the trigger %s fires after ours and could change what ours has read: rename it to a '
              'name that sorts before zzzz_changeover', t.tgname)
  FROM part JOIN pg_trigger t ON t.tgrelid = part.oid
 WHERE $2::text IS NOT NULL AND t.tgname::text COLLATE "C" > $2::text AND t.tgname NOT LIKE 'zzzz\_changeover\_%'
   AND NOT t.tgisinternal AND t.tgenabled <> 'D'
   AND t.tgtype & 3 = 3 AND t.tgtype & 20 <> 0
UNION ALL
SELECT part.oid::regclass::text,
       format('the rule %s would write other rows than those that are filled: drop it', r.rulename)
  FROM part JOIN pg_rewrite r ON r.ev_class = part.oid
 WHERE r.ev_type = '2' AND r.ev_enabled <> 'D'
UNION ALL
SELECT part.oid::regclass::text,
       format('it belongs to %s now, of which the migrating role is no member', pg_get_userbyid(c.relowner))
  FROM part JOIN pg_class c ON c.oid = part.oid
 WHERE NOT pg_has_role(c.relowner, 'USAGE')
UNION ALL
SELECT part.oid::regclass::text, 'row security is forced on it, so that rows may be hidden from us'
  FROM part JOIN pg_class c ON c.oid = part.oid
 WHERE c.relrowsecurity AND c.relforcerowsecurity
