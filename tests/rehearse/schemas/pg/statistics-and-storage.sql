-- expect: moved
-- Statistics objects, targets, storage, compression, options of tables and indexes, clustering.
CREATE TABLE facts (id bigserial PRIMARY KEY, a int, b int, body text, big bytea) WITH (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE facts ALTER body SET STORAGE EXTERNAL, ALTER big SET STORAGE MAIN, ALTER body SET STATISTICS 321, ALTER a SET (n_distinct = -0.5), ALTER body SET COMPRESSION pglz;
CREATE STATISTICS facts_ab (dependencies, mcv, ndistinct) ON a, b FROM facts; ALTER STATISTICS facts_ab SET STATISTICS 77; CREATE STATISTICS facts_expr ON (a % 10), (b / 2) FROM facts; COMMENT ON STATISTICS facts_ab IS 'together';
CREATE INDEX facts_hash ON facts USING hash (body); CREATE INDEX facts_brin ON facts USING brin (id) WITH (pages_per_range = 8); CREATE INDEX facts_part ON facts (b DESC NULLS LAST) INCLUDE (a) WHERE a > 0; CREATE INDEX facts_exp ON facts ((a + b)); ALTER INDEX facts_exp ALTER COLUMN 1 SET STATISTICS 50; CLUSTER facts USING facts_pkey;
INSERT INTO facts (a, b, body, big) SELECT n % 10, n, repeat('é', n), decode(md5(n::text), 'hex') FROM generate_series(1, 200) n; INSERT INTO facts (a, body) SELECT 1, string_agg(md5(n::text), '') FROM generate_series(1, 5000) n;
