CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_name ON customers (name);
