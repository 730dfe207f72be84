SELECT id, endpoint FROM notifiers WHERE id = ANY ($1) ORDER BY id
