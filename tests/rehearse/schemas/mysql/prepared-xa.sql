-- refused: two-phase
-- A prepared XA transaction that is open.
CREATE TABLE kept (id int PRIMARY KEY); XA START 'two-phase'; INSERT INTO kept VALUES (1); XA END 'two-phase'; XA PREPARE 'two-phase';
