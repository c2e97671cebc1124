-- refused: remember
-- A trigger that fires on the follower too (ENABLE ALWAYS or REPLICA), and would write a row twice.
CREATE TABLE stock (id int PRIMARY KEY, n int); CREATE TABLE stock_log (id bigserial PRIMARY KEY, item int, n int);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO stock_log (item, n) VALUES (NEW.id, NEW.n); RETURN NEW; END $$;
CREATE TRIGGER remember AFTER INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION remember(); ALTER TABLE stock ENABLE ALWAYS TRIGGER remember;
INSERT INTO stock SELECT n, n FROM generate_series(1, 20) n;
