-- expect: moved
-- after: SELECT count(*) FROM cached => 1
-- A materialized view on a function that finds its table by the search_path.
CREATE TABLE items (id bigserial PRIMARY KEY, v int); INSERT INTO items (v) SELECT n FROM generate_series(1, 50) n;
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = public AS $$ BEGIN RETURN (SELECT count(*) FROM items WHERE id < 0) + 1; END $$;
CREATE MATERIALIZED VIEW cached AS SELECT how_many() AS n;
