-- expect: moved
-- login: superuser
-- during: UPDATE orders SET total = total + 1 WHERE id <= 100
-- A bit of everything that a broken script can lose; mutations.py breaks the scripts one by one and moves it.
CREATE TABLE quiet (id int PRIMARY KEY AUTO_INCREMENT, v int) AUTO_INCREMENT = 7000; CREATE TABLE customers (id bigint PRIMARY KEY AUTO_INCREMENT, name varchar(50) NOT NULL, size float); CREATE TABLE orders (id bigint PRIMARY KEY AUTO_INCREMENT, customer bigint, total decimal(10, 2), KEY orders_by_customer (customer), FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE) AUTO_INCREMENT = 5000; CREATE TABLE ballast (id int PRIMARY KEY, v int, filling varchar(300)); CREATE TABLE places (id int PRIMARY KEY AUTO_INCREMENT, t datetime(6), b varbinary(20));
CREATE FUNCTION price(x int) RETURNS int DETERMINISTIC RETURN x * 2; CREATE VIEW open_orders AS SELECT * FROM orders; CREATE TRIGGER noted BEFORE INSERT ON customers FOR EACH ROW SET NEW.name = NEW.name; CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
INSERT INTO customers (name, size) SELECT concat('c', seq), 16777216 + seq / 3 FROM seq_1_to_200; INSERT INTO orders (customer, total) SELECT 1 + seq % 200, seq FROM seq_1_to_300; INSERT INTO ballast SELECT seq, 0, repeat('x', 300) FROM seq_1_to_4000; INSERT INTO places (t, b) SELECT '2026-01-01' + INTERVAL seq MICROSECOND, x'0027ff' FROM seq_1_to_100;
CREATE USER reporting@'%' IDENTIFIED BY 'r'; GRANT SELECT ON orders TO reporting@'%';
