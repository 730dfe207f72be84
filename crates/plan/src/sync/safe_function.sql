#variable_conflict use_column
DECLARE
{declarations}
BEGIN
  BEGIN
    SELECT {values}
      INTO {locals}
      FROM (SELECT {row}) AS changeover_row;
{results}
  EXCEPTION WHEN OTHERS THEN
    changeover_error := SQLSTATE || ' ' || SQLERRM;
  END;
END
