-- refused: helper
-- target: CREATE FUNCTION helper() RETURNS int DETERMINISTIC RETURN 2
-- The target's database holds no table, but a function of the same name.
CREATE FUNCTION helper() RETURNS int DETERMINISTIC RETURN 1; CREATE TABLE kept (id int PRIMARY KEY);
