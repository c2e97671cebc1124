-- expect: moved
-- way: up
-- quick: yes
-- after: SELECT has_table_privilege('alice', 'public.accounts', 'SELECT'), has_column_privilege('bob', 'public.accounts', 'name', 'SELECT'), has_column_privilege('bob', 'public.accounts', 'secret', 'SELECT') => True|True|False
-- after: SELECT has_function_privilege('bob', 'public.pay()', 'EXECUTE') => False
-- Roles, memberships, grants on tables, columns, schemas, sequences, functions, with and without the right to pass them on; a grant taken away.
CREATE ROLE readers; CREATE ROLE alice LOGIN PASSWORD 'a''s "word" \ $1' IN ROLE readers CONNECTION LIMIT 5 VALID UNTIL '2030-01-01'; CREATE ROLE bob LOGIN NOINHERIT; CREATE ROLE "Carol's" LOGIN;
GRANT readers TO bob WITH ADMIN OPTION; CREATE SCHEMA private; GRANT USAGE ON SCHEMA private TO readers;
CREATE TABLE accounts (id bigserial PRIMARY KEY, name text, secret text); INSERT INTO accounts (name, secret) SELECT 'a' || n, 's' FROM generate_series(1, 100) n;
GRANT SELECT ON accounts TO readers; GRANT SELECT (name), UPDATE (name) ON accounts TO bob; GRANT INSERT ON accounts TO "Carol's" WITH GRANT OPTION; GRANT USAGE ON SEQUENCE accounts_id_seq TO "Carol's"; GRANT TRUNCATE, REFERENCES, TRIGGER ON accounts TO PUBLIC;
CREATE TABLE private.hidden (id int PRIMARY KEY);
CREATE FUNCTION pay() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ UPDATE public.accounts SET name = name $$; REVOKE EXECUTE ON FUNCTION pay() FROM PUBLIC; GRANT EXECUTE ON FUNCTION pay() TO alice;
CREATE TYPE mood AS ENUM ('good', 'bad'); REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood TO readers; REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO alice;
COMMENT ON ROLE readers IS 'who reads';
