-- refused: public.slots
-- refused: REPLICA IDENTITY FULL
-- A primary key with a generated column: the value is not replicated, so no row could be found by it.
CREATE TABLE slots (room int NOT NULL, at int NOT NULL, label text GENERATED ALWAYS AS (room::text || '-' || at::text) STORED, PRIMARY KEY (label)); INSERT INTO slots SELECT n, n FROM generate_series(1, 20) n;
