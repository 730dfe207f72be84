-- Release 4.10: how often an alert was enforced becomes a column of its own.
ALTER TABLE alerts ADD COLUMN enforcement_count integer;
UPDATE alerts SET enforcement_count = coalesce((payload ->> 'enforcementCount')::integer, 0);
ALTER TABLE alerts ALTER COLUMN enforcement_count SET NOT NULL;
