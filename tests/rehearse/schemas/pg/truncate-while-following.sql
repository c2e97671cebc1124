-- expect: moved
-- during: TRUNCATE parents, children
-- during: INSERT INTO parents SELECT n FROM generate_series(5001, 5050) n
-- during: TRUNCATE queue_ RESTART IDENTITY
-- TRUNCATE, of several tables and with a sequence restarted, while the follower follows.
CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE children (id bigserial PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE); CREATE TABLE queue_ (id bigserial PRIMARY KEY, v text); INSERT INTO parents SELECT n FROM generate_series(1, 100) n; INSERT INTO children (parent) SELECT n FROM generate_series(1, 100) n; INSERT INTO queue_ (v) SELECT 'v' FROM generate_series(1, 100);
