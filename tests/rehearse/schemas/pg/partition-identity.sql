-- refused: lines_1
-- refused: ALTER TABLE
-- The partitioned table has an identity, its partitions do not inherit it.
CREATE TABLE lines (at date NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE lines_1 PARTITION OF lines FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
ALTER TABLE lines REPLICA IDENTITY FULL; INSERT INTO lines SELECT '2026-01-01'::date + n % 180, 'l' || n FROM generate_series(1, 100) n;
