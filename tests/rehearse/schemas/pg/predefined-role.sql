-- refused: pg_read_all_data
-- way: up
-- versions: 16 ..
-- A membership that the target's login may not give from PostgreSQL 16 on.
CREATE ROLE reader NOLOGIN; CREATE TABLE kept (id int PRIMARY KEY); GRANT SELECT ON kept TO reader; GRANT pg_read_all_data TO reader;
