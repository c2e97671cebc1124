-- refused: odd
-- A name with a line break.
CREATE TABLE `odd
table` (id int PRIMARY KEY);
