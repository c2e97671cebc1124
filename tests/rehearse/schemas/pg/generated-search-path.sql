-- refused: shapes
-- A generated column by a function that finds another only by the search_path; the follower works without one.
CREATE FUNCTION squared(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 * $1; END $$;
CREATE FUNCTION area(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN squared($1) * 3; END $$;
CREATE TABLE shapes (id bigserial PRIMARY KEY, r int, a int GENERATED ALWAYS AS (area(r)) STORED); INSERT INTO shapes (r) SELECT n FROM generate_series(1, 50) n;
