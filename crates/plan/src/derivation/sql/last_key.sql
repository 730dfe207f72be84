SELECT ARRAY[{key_texts}]::text[] FROM ONLY {part} AS t ORDER BY {key_descending} LIMIT 1
