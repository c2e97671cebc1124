-- refused: two-phase 1
-- A prepared transaction that is open would be lost.
CREATE TABLE kept (id int PRIMARY KEY); BEGIN; INSERT INTO kept VALUES (1); PREPARE TRANSACTION 'two-phase 1';
