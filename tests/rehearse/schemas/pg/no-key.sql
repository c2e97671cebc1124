-- refused: visits
-- quick: yes
-- refused: REPLICA IDENTITY
-- A table without a key.
CREATE TABLE visits (at timestamptz, path text); INSERT INTO visits SELECT now(), '/' || n FROM generate_series(1, 100) n;
