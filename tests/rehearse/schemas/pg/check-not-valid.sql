-- refused: email_there
-- quick: yes
-- A CHECK that old rows break: the copy would check them.
CREATE TABLE people (id bigserial PRIMARY KEY, email text); INSERT INTO people (email) SELECT CASE WHEN n = 7 THEN NULL ELSE 'p' || n END FROM generate_series(1, 50) n;
ALTER TABLE people ADD CONSTRAINT email_there CHECK (email IS NOT NULL) NOT VALID;
