-- refused: only_there
-- A trigger that fires only on the follower.
CREATE TABLE stock (id int PRIMARY KEY, n int); CREATE FUNCTION only_there() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := 0; RETURN NEW; END $$;
CREATE TRIGGER only_there BEFORE INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION only_there(); ALTER TABLE stock ENABLE REPLICA TRIGGER only_there; INSERT INTO stock SELECT n, n FROM generate_series(1, 20) n;
