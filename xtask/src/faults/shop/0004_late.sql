ALTER TABLE customers ADD COLUMN late text;
CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_name ON customers (name);
INSERT INTO customers (id, name, late) VALUES (201, 'customer 201', 'came last');
