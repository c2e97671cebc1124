-- refused: array_nulls
-- refused: xmloption
-- Settings of the database with which the follower would read values otherwise: NULL in an array as a word, XML of several parts.
CREATE TABLE words (id bigserial PRIMARY KEY, a text[]); INSERT INTO words (a) SELECT ARRAY[NULL, 'x'] FROM generate_series(1, 20); ALTER DATABASE app SET array_nulls = off; ALTER DATABASE app SET xmloption = 'document';
