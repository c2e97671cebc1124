-- expect: moved
-- Publications of the application's own, with a filter, with columns; a slot of somebody else's.
CREATE SCHEMA feed; CREATE TABLE feed.items (id bigserial PRIMARY KEY, v text, n int); INSERT INTO feed.items (v, n) SELECT 'v', n FROM generate_series(1, 50) n;
CREATE PUBLICATION partial FOR TABLE feed.items (id, v) WHERE (id > 0) WITH (publish = 'insert'); COMMENT ON PUBLICATION partial IS 'to the warehouse';
SELECT pg_create_physical_replication_slot('standby_1');
