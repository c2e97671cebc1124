-- expect: moved
-- The replica identity is a unique index, not the key.
CREATE TABLE codes (id int, code text NOT NULL, label text); CREATE UNIQUE INDEX codes_code ON codes (code); ALTER TABLE codes REPLICA IDENTITY USING INDEX codes_code;
CREATE TABLE both_ (id int PRIMARY KEY, code text NOT NULL UNIQUE, label text); ALTER TABLE both_ REPLICA IDENTITY USING INDEX both__code_key;
INSERT INTO codes SELECT n, 'c' || n, 'l' || n FROM generate_series(1, 200) n; INSERT INTO both_ SELECT n, 'c' || n, 'l' || n FROM generate_series(1, 200) n;
