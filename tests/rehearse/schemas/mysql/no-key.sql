-- refused: visits
-- quick: yes
-- refused: ADD PRIMARY KEY
-- A table without a key.
CREATE TABLE visits (at datetime, path varchar(100)); INSERT INTO visits SELECT now(), '/' FROM seq_1_to_20;
