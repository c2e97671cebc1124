-- refused: clerk
-- refused: PASSWORD
-- way: down
-- Other logins on RDS, whose passwords nobody can read there.
CREATE ROLE clerk LOGIN PASSWORD 'c'; CREATE TABLE kept (id bigserial PRIMARY KEY, v text); GRANT SELECT ON kept TO clerk;
