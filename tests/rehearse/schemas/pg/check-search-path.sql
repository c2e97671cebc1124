-- refused: parcels
-- A CHECK by a function that reads another table without its schema.
CREATE TABLE limits (kind text PRIMARY KEY, most int); INSERT INTO limits VALUES ('small', 1000);
CREATE FUNCTION most(text) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT l.most FROM limits l WHERE l.kind = $1); END $$;
CREATE TABLE parcels (id bigserial PRIMARY KEY, kind text, grams int, CHECK (grams <= most(kind))); INSERT INTO parcels (kind, grams) SELECT 'small', n FROM generate_series(1, 50) n;
