-- refused: half_made
-- An index whose building failed is not valid; on the target it would be made, or fail there.
CREATE TABLE names (id bigserial PRIMARY KEY, name text); INSERT INTO names (name) SELECT 'same' FROM generate_series(1, 5);
\set ON_ERROR_STOP off
CREATE UNIQUE INDEX CONCURRENTLY half_made ON names (name);
\set ON_ERROR_STOP on
