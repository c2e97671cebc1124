-- stopped: born_late
-- during: CREATE TABLE born_late (id int PRIMARY KEY)
-- during: INSERT INTO born_late SELECT generate_series(1, 100)
-- A deploy makes a table while the follower follows.
CREATE TABLE early (id bigserial PRIMARY KEY, v text); INSERT INTO early (v) SELECT 'v' || n FROM generate_series(1, 100) n;
