-- expect: moved
-- Tables of a type, without columns, with dropped columns, with many columns, with all columns generated.
CREATE TYPE pair AS (x int, y text); CREATE TABLE typed OF pair (x WITH OPTIONS PRIMARY KEY, y WITH OPTIONS NOT NULL DEFAULT 'y'); INSERT INTO typed SELECT n FROM generate_series(1, 20) n;
CREATE TABLE nothing (); ALTER TABLE nothing REPLICA IDENTITY FULL; INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE dropped (a int, id bigserial PRIMARY KEY, b text, c int); ALTER TABLE dropped DROP a, DROP c; ALTER TABLE dropped ADD d int DEFAULT 5; INSERT INTO dropped (b) SELECT 'b' || n FROM generate_series(1, 50) n; ALTER TABLE dropped ADD e text DEFAULT 'fast default';
SELECT 'CREATE TABLE many (id bigserial PRIMARY KEY, ' || string_agg(format('c%s int DEFAULT %s', n, n), ', ') || ')' FROM generate_series(1, 600) n \gexec
INSERT INTO many (c1) SELECT n FROM generate_series(1, 20) n;
