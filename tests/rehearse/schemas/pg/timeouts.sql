-- expect: moved
-- way: up
-- Time limits of the database and of the login, shorter than steps of a move take.
CREATE TABLE long_ (id bigserial PRIMARY KEY, v text, w text); INSERT INTO long_ (v, w) SELECT md5(n::text), repeat(md5(n::text), 10) FROM generate_series(1, 4000) n;
CREATE INDEX ON long_ (v); CREATE MATERIALIZED VIEW slow AS SELECT count(*) > 0 AS some FROM generate_series(1, 6000000); CREATE MATERIALIZED VIEW slower AS SELECT count(*) > 0 AS some FROM slow, generate_series(1, 6000000);
ALTER DATABASE app SET statement_timeout = '1500ms'; ALTER DATABASE app SET idle_session_timeout = '700ms'; ALTER DATABASE app SET lock_timeout = '100ms'; ALTER ROLE site SET idle_in_transaction_session_timeout = '500ms'; ALTER ROLE site SET statement_timeout = '1200ms';
