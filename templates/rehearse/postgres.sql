-- The tables of the application in app.py, for rehearsals: what an ordinary schema has that a migration can get wrong.
CREATE TYPE state AS ENUM ('new', 'sent');

CREATE TABLE accounts (id int PRIMARY KEY, total bigint NOT NULL DEFAULT 0);
INSERT INTO accounts SELECT n, 0 FROM generate_series(1, %(accounts)s) n;

CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  request text NOT NULL UNIQUE,
  account int NOT NULL REFERENCES accounts,
  value bigint NOT NULL,
  state state NOT NULL DEFAULT 'new',
  made timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_by_account ON orders (account);

CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request text NOT NULL,
  value bigint NOT NULL
);
CREATE INDEX events_by_request ON events (request);

CREATE TABLE sums (account int PRIMARY KEY, orders bigint NOT NULL);
-- It must not count a copied order twice.
CREATE FUNCTION count_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO sums AS s VALUES (NEW.account, 1) ON CONFLICT (account) DO UPDATE SET orders = s.orders + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER count_orders AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION count_order();

CREATE VIEW turnover AS SELECT account, sum(value) FROM orders GROUP BY account;

INSERT INTO orders (request, account, value)
  SELECT 'before-' || n, 1 + n % %(accounts)s, n % 100 FROM generate_series(1, %(rows)s) n;
