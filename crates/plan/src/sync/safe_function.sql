#variable_conflict use_column
BEGIN
  BEGIN
    SELECT {values}
      INTO {targets}
      FROM (SELECT {row}) AS changeover_row;
  EXCEPTION WHEN OTHERS THEN
    changeover_error := SQLSTATE || ' ' || SQLERRM;
  END;
END
