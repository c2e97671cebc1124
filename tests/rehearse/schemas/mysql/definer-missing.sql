-- refused: runs as an account that does not exist on the source
-- refused: orphan
-- login: superuser
-- A view whose definer does not exist: nobody can read it.
CREATE TABLE base (id int PRIMARY KEY); CREATE DEFINER = nobody@nowhere VIEW orphan AS SELECT * FROM base;
