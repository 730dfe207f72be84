CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT g, 'customer ' || g FROM generate_series(1, 200) g;

CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    payload jsonb NOT NULL,
    note text,
    legacy text
);
CREATE INDEX orders_legacy ON orders (legacy);
INSERT INTO orders
SELECT g, 1 + g % 200, jsonb_build_object('total', g * 3, 'paid', g % 2 = 0), 'note ' || g, 'old'
  FROM generate_series(1, 600) g;

CREATE TABLE events (id bigint NOT NULL, day date NOT NULL, body text, PRIMARY KEY (id, day))
    PARTITION BY RANGE (day);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO events SELECT g, date '2025-06-01' + g % 400, 'event ' || g FROM generate_series(1, 400) g;
