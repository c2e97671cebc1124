-- refused: towns
-- An index on a function that finds another only by the search_path (the usual wrapper of unaccent).
CREATE EXTENSION unaccent; CREATE FUNCTION plain(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(unaccent($1)); END $$;
CREATE TABLE towns (id bigserial PRIMARY KEY, name text); CREATE INDEX towns_plain ON towns (plain(name)); INSERT INTO towns (name) SELECT 'Málaga ' || n FROM generate_series(1, 50) n;
