-- expect: moved
-- quick: yes
-- Columns with the names that a script could use as an alias.
CREATE TABLE t (t timestamptz PRIMARY KEY, x int, row text, key text, value text, k text, r text, c int, n int, a int, digest text, "table" text, "column" text, s text, count int, sum int, md5 text);
INSERT INTO t (t, x, row, key, value, k, r) SELECT '2026-01-01'::timestamptz + n * interval '1 s', n, 'r' || n, 'k' || n, 'v' || n, 'kk', 'rr' FROM generate_series(1, 300) n;
CREATE TABLE x (t int PRIMARY KEY, x text); INSERT INTO x SELECT n, 'x' || n FROM generate_series(1, 50) n;
CREATE TABLE "row" (id int PRIMARY KEY, ctid_ text, "user" text, tableoid_ int); INSERT INTO "row" SELECT n, 'c' FROM generate_series(1, 50) n;
