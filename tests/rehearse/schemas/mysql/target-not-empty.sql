-- refused: in_the_way
-- target: CREATE TABLE in_the_way (id int)
-- The target's database holds something.
CREATE TABLE kept (id int PRIMARY KEY);
