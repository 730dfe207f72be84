-- Frozen with release 4.9: later releases have their own copy, even where it is the same.
DELETE FROM image_components WHERE image_id = $1
