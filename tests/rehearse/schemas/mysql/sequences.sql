-- expect: moved
-- after: SELECT nextval(invoice) >= 1003 => 1
-- Sequences of MariaDB that nobody asks while the database moves, that go down, that cycle.
CREATE SEQUENCE invoice START 1000; DO nextval(invoice), nextval(invoice), nextval(invoice); CREATE SEQUENCE downward INCREMENT -5 START 100 MINVALUE -1000 MAXVALUE 100 NOCACHE; DO nextval(downward); CREATE SEQUENCE ring MINVALUE 1 MAXVALUE 5 CYCLE NOCACHE; DO nextval(ring); CREATE SEQUENCE untouched; CREATE TABLE bills (id bigint PRIMARY KEY DEFAULT nextval(invoice), v int); INSERT INTO bills (v) SELECT seq FROM seq_1_to_20;
