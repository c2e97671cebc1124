-- refused: archive_old
-- login: superuser
-- A partition that lies on another server.
CREATE EXTENSION postgres_fdw; CREATE SERVER old FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1'); CREATE TABLE archive (id int, at date) PARTITION BY RANGE (at); ALTER TABLE archive REPLICA IDENTITY FULL;
CREATE FOREIGN TABLE archive_old PARTITION OF archive FOR VALUES FROM ('2020-01-01') TO ('2025-01-01') SERVER old; CREATE TABLE archive_new (id int, at date); ALTER TABLE archive_new REPLICA IDENTITY FULL; ALTER TABLE archive ATTACH PARTITION archive_new DEFAULT; INSERT INTO archive SELECT n, '2026-01-01' FROM generate_series(1, 20) n;
