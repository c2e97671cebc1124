-- refused: places
-- As with json: point, xml and their kind have no equality either; a partition of such a table counts too.
CREATE TABLE places (name text, at point, area polygon) PARTITION BY HASH (name); CREATE TABLE places_0 PARTITION OF places FOR VALUES WITH (modulus 1, remainder 0);
ALTER TABLE places REPLICA IDENTITY FULL; ALTER TABLE places_0 REPLICA IDENTITY FULL;
INSERT INTO places SELECT 'p' || n, point(n, n) FROM generate_series(1, 20) n;
