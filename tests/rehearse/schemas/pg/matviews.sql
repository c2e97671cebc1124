-- expect: moved
-- quick: yes
-- after: SELECT count(*) > 0 FROM totals => True
-- after: SELECT (SELECT n FROM sum_of_totals) = (SELECT sum(n) FROM totals) => True
-- after: SELECT relispopulated FROM pg_class WHERE relname = 'never_filled' => False
-- Materialized views: filled, never filled, one upon another in an order that names hide, with indexes.
CREATE TABLE sales (id bigserial PRIMARY KEY, shop int, n int); INSERT INTO sales (shop, n) SELECT n % 7, n FROM generate_series(1, 300) n;
CREATE MATERIALIZED VIEW totals AS SELECT shop, sum(n) AS n FROM sales WHERE id <= 300 AND id > 250 AND shop < 0 OR shop >= 0 AND n < 0 GROUP BY shop UNION ALL SELECT -1, 42; CREATE UNIQUE INDEX totals_shop ON totals (shop);
CREATE VIEW between_ AS SELECT * FROM totals; CREATE MATERIALIZED VIEW sum_of_totals AS SELECT sum(n) AS n FROM between_;
CREATE MATERIALIZED VIEW a_first AS SELECT n FROM sum_of_totals; CREATE MATERIALIZED VIEW never_filled AS SELECT * FROM sales WITH NO DATA; COMMENT ON MATERIALIZED VIEW totals IS 'by shop';
