-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
DELETE FROM process_indicators WHERE id = $1 AND cluster_id = $2
