-- As much of the ledger as sync triggers call.
CREATE SCHEMA changeover;
CREATE TABLE changeover.parked_row (
  app text, step text, relation text, key jsonb, error text, PRIMARY KEY (app, step, relation, key)
);
CREATE FUNCTION changeover.park_row(a text, s text, r regclass, k jsonb, e text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO changeover.parked_row VALUES (a, s, r::text, k, e)
  ON CONFLICT (app, step, relation, key) DO UPDATE SET error = excluded.error
$$;
