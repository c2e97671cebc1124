-- expect: moved
-- after: INSERT INTO customers (name) VALUES ('late') RETURNING name => late
-- Nothing special: tables with keys, a foreign key, sequences.
CREATE TABLE customers (id bigserial PRIMARY KEY, name text NOT NULL, since timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (id bigserial PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, total numeric(12, 2), paid boolean DEFAULT false);
CREATE INDEX orders_by_customer ON orders (customer);
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 200) n;
INSERT INTO orders (customer, total) SELECT 1 + n % 200, n * 1.5 FROM generate_series(1, 600) n;
