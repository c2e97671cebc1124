-- expect: moved
-- Functions that make temporary tables, statements that need a session: they are code, and move as code.
CREATE TABLE kept (id bigserial PRIMARY KEY, v text); INSERT INTO kept (v) SELECT 'v' FROM generate_series(1, 20); CREATE FUNCTION scratch() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE IF NOT EXISTS scratch_ (id int) ON COMMIT DROP; RETURN 1; END $$; DO $$ BEGIN PERFORM scratch(); END $$;
