-- expect: moved
-- login: superuser
-- after: SELECT string_agg(srid::text, ',' ORDER BY srid) FROM geo_ref => 3857,4326,900913
-- after: SELECT far(place(1, 2), place(1, 3)) => 1.0
-- As with PostGIS: an extension that brings types, operators, functions, an index class, and a table of references to which the application adds rows.
CREATE EXTENSION corpus_geo; INSERT INTO geo_ref VALUES (900913, 'ours'); CREATE TABLE shops (id bigserial PRIMARY KEY, name text, at place NOT NULL, srid int DEFAULT 4326); INSERT INTO shops (name, at) SELECT 's' || n, place(n, n / 3.0) FROM generate_series(1, 150) n; CREATE INDEX shops_x ON shops (((at).x)); CREATE TABLE routes (id bigserial PRIMARY KEY, stops place[]); INSERT INTO routes (stops) SELECT ARRAY[place(n, 1), place(2, n)] FROM generate_series(1, 50) n;
