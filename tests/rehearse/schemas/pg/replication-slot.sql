-- refused: theirs (SELECT pg_drop_replication_slot('theirs'))
-- way: up
-- Somebody else reads the database's changes, and cannot go on reading elsewhere.
CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (1); SELECT pg_create_logical_replication_slot('theirs', 'pgoutput');
