-- For columns that may not be NULL: the constant where the value raises and the row has none.
    BEGIN
{constants}
    EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
      NEW := changeover_before;
    END;
