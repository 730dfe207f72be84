ALTER TABLE orders ADD COLUMN total numeric;
UPDATE orders SET total = (payload->>'total')::numeric;
-- changeover: unused-since=2
DROP INDEX orders_legacy;
-- changeover: unused-since=2
ALTER TABLE orders DROP COLUMN legacy;
