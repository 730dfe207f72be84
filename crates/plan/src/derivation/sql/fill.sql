-- Where a row changed since the snapshot, READ COMMITTED evaluates all of it again on the row as it is.
UPDATE ONLY {part} AS t SET {assignments} WHERE {range} AND {differing}
