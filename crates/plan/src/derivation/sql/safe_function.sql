-- Computes one row's values and never raises. Assigned to fields of the table's own row type, since OUT
-- parameters forget lengths and precisions, and a variable of a domain that is NOT NULL cannot begin.
#variable_conflict use_column
DECLARE
  changeover_computed {table}%ROWTYPE;
BEGIN
  BEGIN
    SELECT {values}
      INTO {targets}
      FROM (SELECT {row}) AS changeover_row;
{results}
  EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
    changeover_error := pg_catalog.concat(SQLSTATE, ' ', pg_catalog.left(SQLERRM, 2000));
  END;
END
