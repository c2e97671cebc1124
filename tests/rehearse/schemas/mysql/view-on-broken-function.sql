-- refused: uses_gone
-- A view on a function that is gone.
CREATE FUNCTION gone() RETURNS int DETERMINISTIC RETURN 1; CREATE VIEW uses_gone AS SELECT gone() AS n; DROP FUNCTION gone; CREATE TABLE kept (id int PRIMARY KEY);
