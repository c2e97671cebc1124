-- expect: moved
-- The database takes few sessions at once.
ALTER DATABASE app CONNECTION LIMIT 12; CREATE TABLE kept (id bigserial PRIMARY KEY, v text); INSERT INTO kept (v) SELECT 'v' FROM generate_series(1, 50);
