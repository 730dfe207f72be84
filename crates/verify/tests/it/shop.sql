CREATE TYPE mood AS ENUM ('glad', 'sad');

CREATE TABLE customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    email text
);
INSERT INTO customers (id, name, email)
SELECT g, 'customer ' || g, g || '@example.org' FROM generate_series(1, 50) g;

CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    customer_id bigint NOT NULL,
    payload jsonb NOT NULL,
    note text,
    legacy text,
    short_note varchar(10),
    number integer GENERATED ALWAYS AS IDENTITY,
    feeling mood,
    CONSTRAINT orders_note_short CHECK (length(note) < 100)
);
CREATE INDEX orders_legacy ON orders (legacy);
CREATE INDEX orders_payload ON orders USING gin (payload);
INSERT INTO orders (customer_id, payload, note)
SELECT 1 + g % 50, jsonb_build_object('total', g), 'note' FROM generate_series(1, 1000) g;

CREATE TABLE notes (
    id bigint PRIMARY KEY,
    order_id bigint REFERENCES orders (id) ON DELETE CASCADE,
    body text
);

CREATE TABLE events (
    id bigint NOT NULL,
    day date NOT NULL,
    body text,
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX events_body ON events (body);
INSERT INTO events (id, day, body)
SELECT g, date '2025-06-01' + g % 400, 'event ' || g FROM generate_series(1, 500) g;

CREATE VIEW customer_names AS SELECT id, name FROM customers;
CREATE SEQUENCE receipts;
CREATE SEQUENCE ticket_numbers;
CREATE MATERIALIZED VIEW customer_count AS SELECT count(*) AS customers FROM customers;
