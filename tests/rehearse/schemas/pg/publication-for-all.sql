-- refused: everything
-- way: up
-- A publication of all tables, which only a superuser makes.
CREATE TABLE kept (id bigserial PRIMARY KEY, v text); CREATE PUBLICATION everything FOR ALL TABLES;
