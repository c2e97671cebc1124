-- refused: to_z
-- Rows whose foreign key leads nowhere, from a time without checks.
SET foreign_key_checks = 0; CREATE TABLE z_parent (id int PRIMARY KEY); CREATE TABLE a_child (id int PRIMARY KEY, z int, CONSTRAINT to_z FOREIGN KEY (z) REFERENCES z_parent (id)); INSERT INTO a_child VALUES (1, 8999);
