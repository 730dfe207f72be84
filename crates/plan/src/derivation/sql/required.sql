-- What the server would reject, looked for where it can be caught.
{indent}IF {violated} THEN
{indent}  RAISE {error} USING MESSAGE = {message};
{indent}END IF;
