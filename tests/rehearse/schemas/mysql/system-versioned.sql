-- refused: versions
-- A table that keeps its history: what it held at a time does not move with the rows.
CREATE TABLE versions (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING; INSERT INTO versions VALUES (1, 1); UPDATE versions SET v = 2;
