-- All ids of one statement's steps begin alike (`0209.2.`): a row may have been parked by the trigger
-- or by the backfill.
SELECT count(*), coalesce((array_agg({row_key_json}::text))[1:3]::text, '')
  FROM {rows}
   AND NOT EXISTS (SELECT 1 FROM changeover.parked_row AS p
        WHERE p.app = $3::text AND starts_with(p.step, $4::text) AND p.relation = $5::text
          AND p.key = {row_key_json})
