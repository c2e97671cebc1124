-- expect: moved
-- login: superuser
-- way: up
-- Foreign tables, a server with options, mappings for the login and for all.
CREATE EXTENSION postgres_fdw; CREATE SERVER old FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'old'); CREATE USER MAPPING FOR site SERVER old OPTIONS (user 'u', password 'it''s "secret" \'); CREATE USER MAPPING FOR PUBLIC SERVER old OPTIONS (user 'p', password 'q');
CREATE FOREIGN TABLE old_orders (id int NOT NULL, v text OPTIONS (column_name 'value')) SERVER old OPTIONS (table_name 'orders'); CREATE ROLE linker; GRANT USAGE ON FOREIGN SERVER old TO linker; COMMENT ON SERVER old IS 'the old shop'; CREATE TABLE kept (id bigserial PRIMARY KEY, v text); INSERT INTO kept (v) SELECT 'v' FROM generate_series(1, 20);
