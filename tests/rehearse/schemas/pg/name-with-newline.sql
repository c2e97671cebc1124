-- refused: odd
-- A name with a line break in it: the scripts read names by lines.
CREATE TABLE "odd
table" (id int PRIMARY KEY);
