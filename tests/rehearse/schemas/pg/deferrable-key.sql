-- refused: seats
-- refused: REPLICA IDENTITY
-- A primary key that is checked late identifies no row for replication: the first update would fail on the source.
CREATE TABLE seats (id int PRIMARY KEY DEFERRABLE, guest text);
INSERT INTO seats SELECT n, 'g' || n FROM generate_series(1, 100) n;
