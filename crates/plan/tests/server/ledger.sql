-- As much of the ledger as sync triggers and batches use.
CREATE SCHEMA changeover;
CREATE TABLE changeover.parked_row (
  app text, step text, relation text, key jsonb, error text,
  parked_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (app, step, relation, key)
);
CREATE TABLE changeover.skipped_row (
  app text, step text, part text, key jsonb, PRIMARY KEY (app, step, part, key)
);
CREATE FUNCTION changeover.park_row(a text, s text, r regclass, k jsonb, e text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO changeover.parked_row VALUES (a, s, r::text, k, e)
  ON CONFLICT (app, step, relation, key) DO UPDATE SET error = excluded.error
$$;
