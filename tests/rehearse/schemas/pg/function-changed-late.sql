-- stopped: price_of
-- during: CREATE OR REPLACE FUNCTION price_of(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 3'
-- during: CREATE INDEX CONCURRENTLY late_index ON goods (name)
-- A deploy replaces a function's body and adds an index while the follower follows.
CREATE TABLE goods (id bigserial PRIMARY KEY, name text); CREATE FUNCTION price_of(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
INSERT INTO goods (name) SELECT 'g' || n FROM generate_series(1, 100) n;
