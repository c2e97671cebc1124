-- refused: LATIN1
-- options: TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'
-- The target's database has another encoding.
CREATE TABLE names (name text PRIMARY KEY); INSERT INTO names VALUES ('Zoë'), ('表');
