-- expect: moved
-- way: up
-- quick: yes
-- after: SELECT count(*) > 0 FROM orders => True
-- after: SELECT current_setting('timezone'), current_setting('statement_timeout') => Europe/Berlin|25s
-- Settings of the database, of the login, of both: search_path, time zone, timeouts, ways to print values.
CREATE SCHEMA shop; CREATE SCHEMA "Odd, Schema"; ALTER DATABASE app SET search_path = shop, "Odd, Schema", public; ALTER DATABASE app SET timezone = 'Europe/Berlin'; ALTER ROLE site SET statement_timeout = '25s'; ALTER ROLE site IN DATABASE app SET application_name = 't 1, ''x''';
ALTER DATABASE app SET default_transaction_isolation = 'repeatable read'; ALTER ROLE ALL IN DATABASE app SET lock_timeout = '50s'; ALTER DATABASE app SET bytea_output = 'escape'; ALTER DATABASE app SET datestyle = 'German'; ALTER DATABASE app SET extra_float_digits = -3;
CREATE ROLE nightly; ALTER ROLE nightly SET work_mem = '64MB'; GRANT USAGE ON SCHEMA shop TO nightly;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), f float8, b bytea); INSERT INTO shop.orders (f, b) SELECT n / 3.0, decode('00ff', 'hex') FROM generate_series(1, 100) n;
