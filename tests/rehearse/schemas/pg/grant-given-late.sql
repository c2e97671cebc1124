-- stopped: goods
-- during: CREATE ROLE auditor LOGIN
-- during: GRANT SELECT ON goods TO auditor
-- A grant while the follower follows.
CREATE TABLE goods (id bigserial PRIMARY KEY, name text); INSERT INTO goods (name) SELECT 'g' || n FROM generate_series(1, 100) n;
