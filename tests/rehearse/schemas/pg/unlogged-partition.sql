-- refused: hits_1
-- Only one partition is unlogged.
CREATE TABLE hits (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE UNLOGGED TABLE hits_1 PARTITION OF hits FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE hits_2 PARTITION OF hits DEFAULT; INSERT INTO hits SELECT n, '2026-01-02' FROM generate_series(1, 20) n;
