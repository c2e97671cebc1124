-- expect: moved
-- Types and operators of extensions, one of them in a schema of its own.
CREATE SCHEMA ext; CREATE EXTENSION citext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext; CREATE EXTENSION pg_trgm; CREATE EXTENSION pgcrypto; CREATE EXTENSION intarray; CREATE EXTENSION cube;
CREATE TABLE tagged (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mail citext UNIQUE, more ext.hstore, path ext.ltree, at cube, ids int[]); CREATE INDEX ON tagged USING gin (mail gin_trgm_ops); CREATE INDEX ON tagged USING gist (path); CREATE INDEX ON tagged USING gin (ids gin__int_ops);
INSERT INTO tagged (mail, more, path, at, ids) SELECT 'A' || n || '@x', ext.hstore('k', NULL), ('a.b' || n)::ext.ltree, cube(n), ARRAY[n, n + 1] FROM generate_series(1, 100) n;
