-- expect: moved
-- during: UPDATE songs SET place = place + 1 WHERE album = 3
-- write: UPDATE songs SET place = place + 1 WHERE album = {n} % 20
-- Places in a list move by one in one statement.
CREATE TABLE songs (id bigserial PRIMARY KEY, album int NOT NULL, place int NOT NULL, UNIQUE (album, place) DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO songs (album, place) SELECT n / 10, n % 10 FROM generate_series(0, 199) n;
