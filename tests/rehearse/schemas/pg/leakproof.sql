-- refused: quiet
-- way: up
-- A function that only a superuser may declare leakproof.
CREATE TABLE kept (id int PRIMARY KEY); CREATE FUNCTION quiet(int) RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT $1';
