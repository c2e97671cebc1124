-- expect: moved
-- write: UPDATE readings SET at = at + 40 WHERE id = 1 + {n} % 300 AND at < '2026-05-01'
-- A tree of partitions with columns in another order, defaults of their own, a default partition; rows that move between them.
CREATE TABLE readings (id bigint NOT NULL, at date NOT NULL, sensor text NOT NULL, v float8, PRIMARY KEY (id, at, sensor)) PARTITION BY RANGE (at);
CREATE TABLE readings_h1 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2026-07-01') PARTITION BY LIST (sensor);
CREATE TABLE readings_h1_a PARTITION OF readings_h1 FOR VALUES IN ('a', 'b'); CREATE TABLE readings_h1_other PARTITION OF readings_h1 DEFAULT;
CREATE TABLE readings_h2 (v float8, sensor text NOT NULL, old int, at date NOT NULL, id bigint NOT NULL, PRIMARY KEY (id, at, sensor)); ALTER TABLE readings_h2 DROP old;
ALTER TABLE readings ATTACH PARTITION readings_h2 FOR VALUES FROM ('2026-07-01') TO ('2027-01-01'); ALTER TABLE readings_h2 ALTER v SET DEFAULT 7;
CREATE TABLE readings_rest PARTITION OF readings DEFAULT PARTITION BY HASH (id); CREATE TABLE readings_rest_0 PARTITION OF readings_rest FOR VALUES WITH (modulus 2, remainder 0); CREATE TABLE readings_rest_1 PARTITION OF readings_rest FOR VALUES WITH (modulus 2, remainder 1);
CREATE INDEX ON readings (sensor, at); INSERT INTO readings SELECT n, '2026-01-01'::date + n % 400, chr(97 + n % 4), n / 7.0 FROM generate_series(1, 500) n;
