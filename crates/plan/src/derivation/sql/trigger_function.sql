-- The trigger's function. All that can raise stands within the block that catches: an older release's
-- write never fails because of us. ASSERT_FAILURE is not among OTHERS. Where something raises, the
-- row is written as its writer gave it, and parked.
DECLARE
  changeover_before record;
  changeover_error text;
BEGIN
  changeover_before := NEW;
  BEGIN
{assignments}
  EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
    changeover_error := pg_catalog.concat(SQLSTATE, ' ', pg_catalog.left(SQLERRM, 2000));
    NEW := changeover_before;
  END;
  IF changeover_error IS NOT NULL THEN
{fallbacks}
    PERFORM changeover.park_row(
      {app}, {step}, TG_RELID::pg_catalog.regclass,
      pg_catalog.jsonb_build_array({key}), changeover_error);
  END IF;
  RETURN NEW;
END
