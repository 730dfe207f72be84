-- One row: the number of the last migration that was applied.
CREATE TABLE IF NOT EXISTS versions (seqnum bigint NOT NULL);
INSERT INTO versions (seqnum) SELECT 0 WHERE NOT EXISTS (SELECT FROM versions);
