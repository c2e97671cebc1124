-- refused: client_encoding
-- An encoding of sessions set for the database: the follower would read every text in it once more.
CREATE TABLE words (id bigserial PRIMARY KEY, v text); INSERT INTO words (v) SELECT 'ä' || n FROM generate_series(1, 20) n; ALTER DATABASE app SET client_encoding = 'LATIN1';
