-- expect: moved
-- soak: CREATE ROLE newcomer LOGIN PASSWORD 'n' CONNECTION LIMIT 5; GRANT reporting TO newcomer; GRANT SELECT ON orders TO newcomer WITH GRANT OPTION; ALTER ROLE newcomer SET search_path = shop, "a b", public
-- soak: REVOKE SELECT ON orders FROM reporting; GRANT SELECT (id) ON orders TO reporting; REVOKE EXECUTE ON FUNCTION price(int) FROM PUBLIC; GRANT USAGE ON SCHEMA shop TO reporting
-- soak: SET ROLE app; REVOKE leaver FROM reporting; RESET ROLE
-- ignore: ^role newcomer # its password cannot be read on RDS
-- soak: ALTER ROLE reporting RESET statement_timeout; ALTER ROLE reporting SET work_mem = '9MB'; ALTER DATABASE app SET search_path = shop, public; ALTER ROLE leaver NOLOGIN
-- soak: ALTER ROLE app PASSWORD 'pass of app'
-- back: SELECT has_table_privilege('newcomer', 'orders', 'SELECT WITH GRANT OPTION'), rolcanlogin, rolconnlimit, rolconfig[1] FROM pg_roles WHERE rolname = 'newcomer' => True|True|5|search_path=shop, "a b", public
-- back: SELECT has_table_privilege('reporting', 'orders', 'SELECT'), has_column_privilege('reporting', 'orders', 'id', 'SELECT'), has_function_privilege('reporting', 'price(int)', 'EXECUTE'), rolconfig::text FROM pg_roles WHERE rolname = 'reporting' => False|True|False|{work_mem=9MB}
-- back: SELECT pg_has_role('newcomer', 'reporting', 'MEMBER'), pg_has_role('reporting', 'leaver', 'MEMBER'), (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'leaver') => True|False|False
-- Roles, rights and settings that are given and taken on the new side before the rollback are right on the old one after it.
CREATE ROLE reporting LOGIN PASSWORD 'r'; CREATE ROLE leaver LOGIN PASSWORD 'l'; GRANT leaver TO reporting; ALTER ROLE reporting SET statement_timeout = '90s'; CREATE SCHEMA shop;
CREATE TABLE orders (id bigserial PRIMARY KEY, v text); INSERT INTO orders (v) SELECT n FROM generate_series(1, 100) n; GRANT SELECT ON orders TO reporting; CREATE FUNCTION price(int) RETURNS int LANGUAGE sql AS 'SELECT $1'; GRANT INSERT ON orders TO leaver;
