-- refused: collat
-- options: TEMPLATE template0 LOCALE 'C.UTF-8'
-- The target's database sorts otherwise: indexes and unique keys of text would disagree with what the application knows.
CREATE TABLE names (name text PRIMARY KEY); INSERT INTO names VALUES ('Zoë'), ('adam'), ('Bob'), ('_x');
