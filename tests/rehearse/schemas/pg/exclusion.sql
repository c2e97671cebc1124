-- expect: moved
-- Exclusion constraints, partial and deferrable, with btree_gist.
CREATE EXTENSION btree_gist; CREATE TABLE rooms (id int, during tsrange, gone boolean DEFAULT false, PRIMARY KEY (id, during), EXCLUDE USING gist (id WITH =, during WITH &&) WHERE (NOT gone) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO rooms SELECT n, tsrange('2026-01-01', '2026-01-02') FROM generate_series(1, 50) n;
