DELETE FROM notifiers WHERE declared AND name <> ALL ($1)
