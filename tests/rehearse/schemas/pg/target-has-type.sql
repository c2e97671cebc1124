-- refused: colour
-- target: CREATE TYPE colour AS ENUM ('red')
-- The target holds no table, but a type of the same name.
CREATE TYPE colour AS ENUM ('red', 'green'); CREATE TABLE kept (id int PRIMARY KEY, c colour);
