-- refused: whole
-- way: up
-- A publication of a schema's tables, which only a superuser makes.
CREATE SCHEMA feed; CREATE TABLE feed.kept (id bigserial PRIMARY KEY, v text); CREATE PUBLICATION whole FOR TABLES IN SCHEMA feed;
