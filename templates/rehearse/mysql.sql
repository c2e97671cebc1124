-- The tables of the application in app.py, for rehearsals: what an ordinary schema has that a migration can get wrong.
CREATE TABLE accounts (id int PRIMARY KEY, total bigint NOT NULL DEFAULT 0);
INSERT INTO accounts SELECT seq, 0 FROM seq_1_to_%(accounts)s;

CREATE TABLE orders (
  id bigint AUTO_INCREMENT PRIMARY KEY,
  request varchar(60) NOT NULL UNIQUE,
  account int NOT NULL,
  value bigint NOT NULL,
  state enum('new', 'sent') NOT NULL DEFAULT 'new',
  made timestamp(6) NOT NULL DEFAULT current_timestamp(6),
  FOREIGN KEY (account) REFERENCES accounts (id)
);

CREATE TABLE events (
  id bigint AUTO_INCREMENT PRIMARY KEY,
  request varchar(60) NOT NULL,
  value bigint NOT NULL,
  KEY events_by_request (request)
);

CREATE TABLE sums (account int PRIMARY KEY, orders bigint NOT NULL);
-- It must not count a copied order twice.
CREATE TRIGGER count_orders AFTER INSERT ON orders FOR EACH ROW
  INSERT INTO sums VALUES (NEW.account, 1) ON DUPLICATE KEY UPDATE orders = orders + 1;

CREATE VIEW turnover AS SELECT account, sum(value) AS total FROM orders GROUP BY account;

INSERT INTO orders (request, account, value)
  SELECT concat('before-', seq), 1 + seq % %(accounts)s, seq % 100 FROM seq_1_to_%(rows)s;
