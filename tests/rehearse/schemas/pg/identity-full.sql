-- expect: moved
-- Tables without a key that replicate by the whole row: doubles, NULLs, floats, domains, arrays of NULL.
CREATE DOMAIN percent AS numeric CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE marks (at timestamptz, who text, v float8, p percent, tags text[], doc jsonb); ALTER TABLE marks REPLICA IDENTITY FULL;
INSERT INTO marks SELECT '2026-01-01', CASE WHEN n % 7 = 0 THEN NULL ELSE 'w' || n % 5 END, CASE n % 6 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-0' ELSE n / 3.0 END::float8, n % 100, ARRAY[NULL, 'a'], '{"a": null}' FROM generate_series(1, 200) n;
INSERT INTO marks SELECT NULL FROM generate_series(1, 5);
