DECLARE
{declarations}
  changeover_error text;
BEGIN
  BEGIN
{computations}
  EXCEPTION WHEN OTHERS THEN
    changeover_error := SQLSTATE || ' ' || SQLERRM;
  END;
  IF changeover_error IS NOT NULL THEN
{fallbacks}
    PERFORM changeover.park_row(
      {app}, {step}, TG_RELID::pg_catalog.regclass,
      pg_catalog.jsonb_build_array({key}), changeover_error);
    RETURN NEW;
  END IF;
{assignments}
  RETURN NEW;
END
