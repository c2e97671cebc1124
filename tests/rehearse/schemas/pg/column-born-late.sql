-- stopped: nickname
-- during: ALTER TABLE people ADD nickname text DEFAULT 'none'
-- A deploy adds a column while the follower follows.
CREATE TABLE people (id bigserial PRIMARY KEY, name text); INSERT INTO people (name) SELECT 'n' || n FROM generate_series(1, 100) n;
