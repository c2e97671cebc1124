-- expect: moved
-- during: UPDATE orders SET total = total + 1 WHERE id <= 100
-- soak: GRANT UPDATE ON customers TO reporting
-- after: SELECT nextval('invoice'), setval('invoice', 4711, false) => 4711|4711
-- A bit of everything that a broken script can lose; mutations.py breaks the scripts one by one and moves it.
CREATE ROLE reporting LOGIN; CREATE SCHEMA shop;
CREATE TABLE customers (id bigserial PRIMARY KEY, name text NOT NULL, size float8); CREATE TABLE orders (id bigserial PRIMARY KEY, customer bigint REFERENCES customers ON DELETE CASCADE, total numeric);
CREATE TABLE ballast (id int PRIMARY KEY, v int, filling text); CREATE TABLE shop.places (id bigserial PRIMARY KEY, t text);
CREATE INDEX orders_by_customer ON orders (customer); CREATE FUNCTION price(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'; CREATE VIEW open_orders AS SELECT * FROM orders;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name; RETURN NEW; END $$; CREATE TRIGGER noted BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO customers (name, size) SELECT 'c' || n, n / 3.0 FROM generate_series(1, 200) n; INSERT INTO orders (customer, total) SELECT 1 + n % 200, n FROM generate_series(1, 300) n; INSERT INTO ballast SELECT n, 0, repeat('x', 300) FROM generate_series(1, 4000) n; INSERT INTO shop.places (t) SELECT 't' || n FROM generate_series(1, 100) n;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) > 0 AS some FROM orders; CREATE SEQUENCE invoice; SELECT setval('invoice', 4711, false); GRANT SELECT ON orders TO reporting; REVOKE EXECUTE ON FUNCTION price(int) FROM PUBLIC; ALTER DATABASE app SET intervalstyle = 'iso_8601'; COMMENT ON TABLE orders IS 'what was bought';
