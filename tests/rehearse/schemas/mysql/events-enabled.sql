-- refused: every_second
-- An event that is on would run on both sides.
CREATE TABLE ticks (id int PRIMARY KEY AUTO_INCREMENT, at datetime); CREATE EVENT every_second ON SCHEDULE EVERY 1 SECOND DO INSERT INTO ticks (at) VALUES (now());
