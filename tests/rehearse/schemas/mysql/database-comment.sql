-- expect: moved
-- after: SELECT schema_comment FROM information_schema.schemata WHERE schema_name = 'app' => the shop's
-- A comment on the database.
CREATE TABLE kept (id int PRIMARY KEY); ALTER DATABASE app COMMENT = 'the shop''s';
