-- refused: grown
-- Rows that a CHECK came too late for.
CREATE TABLE people (id int PRIMARY KEY AUTO_INCREMENT, age int, CONSTRAINT grown CHECK (age >= 0)); SET check_constraint_checks = 0; INSERT INTO people (age) VALUES (-1), (5);
