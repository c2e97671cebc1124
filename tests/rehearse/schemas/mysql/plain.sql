-- expect: moved
-- after: SELECT count(*) > 0 FROM orders => 1
-- Nothing special: tables with keys, a foreign key, counters.
CREATE TABLE customers (id bigint PRIMARY KEY AUTO_INCREMENT, name varchar(100) NOT NULL, since timestamp NOT NULL DEFAULT current_timestamp());
CREATE TABLE orders (id bigint PRIMARY KEY AUTO_INCREMENT, customer bigint NOT NULL, total decimal(12, 2), paid boolean DEFAULT false, KEY (customer), CONSTRAINT whose FOREIGN KEY (customer) REFERENCES customers (id));
INSERT INTO customers (name) SELECT concat('customer ', seq) FROM seq_1_to_200; INSERT INTO orders (customer, total) SELECT 1 + seq % 200, seq * 1.5 FROM seq_1_to_600;
