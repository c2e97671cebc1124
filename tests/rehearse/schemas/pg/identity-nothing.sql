-- refused: ledger
-- A table with a key that replicates no key: updates would fail on the source.
CREATE TABLE ledger (id int PRIMARY KEY, v int); ALTER TABLE ledger REPLICA IDENTITY NOTHING; INSERT INTO ledger SELECT n, n FROM generate_series(1, 20) n;
