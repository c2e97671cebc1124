-- refused: statement_timeout
-- way: down
-- A time limit of the login that the copy has to take on RDS.
CREATE TABLE kept (id bigserial PRIMARY KEY, v text); ALTER ROLE site SET statement_timeout = '25s';
