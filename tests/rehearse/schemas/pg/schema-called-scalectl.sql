-- refused: scalectl
-- The application has a schema with the name that the move keeps for itself.
CREATE SCHEMA scalectl; CREATE TABLE scalectl.mine (id int PRIMARY KEY); INSERT INTO scalectl.mine VALUES (1);
