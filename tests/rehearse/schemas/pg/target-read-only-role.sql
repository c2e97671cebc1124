-- refused: helper
-- target: CREATE ROLE helper LOGIN PASSWORD 'another one' SUPERUSER
-- way: up
-- A role of the same name exists on the target with other rights.
CREATE ROLE helper LOGIN PASSWORD 'his'; CREATE TABLE kept (id int PRIMARY KEY); GRANT SELECT ON kept TO helper;
