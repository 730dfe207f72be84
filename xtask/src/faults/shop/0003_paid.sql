ALTER TABLE orders ADD COLUMN paid boolean;
UPDATE orders SET paid = (payload->>'paid')::boolean;
CREATE INDEX orders_total ON orders (total);
CREATE INDEX events_body ON events (body);
-- changeover: old-complies because "orders have always been of customers"
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);
