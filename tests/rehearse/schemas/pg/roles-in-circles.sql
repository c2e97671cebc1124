-- expect: moved
-- way: up
-- Roles that stand in for the login, that the login may become, that own what others made; a role called like a keyword.
CREATE ROLE deploy NOLOGIN; CREATE ROLE "user" LOGIN PASSWORD 'u'; CREATE ROLE worker LOGIN PASSWORD 'w' NOINHERIT; GRANT site TO worker; GRANT deploy TO site, worker; CREATE TABLE jobs (id bigserial PRIMARY KEY, v text); INSERT INTO jobs (v) SELECT 'v' FROM generate_series(1, 50); GRANT ALL ON jobs TO deploy, "user"; GRANT ALL ON SEQUENCE jobs_id_seq TO "user"; GRANT CONNECT, TEMPORARY ON DATABASE app TO "user"; ALTER ROLE worker SET role = deploy; GRANT pg_monitor TO worker;
