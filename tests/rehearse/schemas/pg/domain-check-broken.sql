-- refused: positive
-- A domain's constraint that old values break.
CREATE DOMAIN amount AS int; CREATE TABLE bills (id bigserial PRIMARY KEY, due amount, parts amount[]); INSERT INTO bills (due) SELECT n - 3 FROM generate_series(1, 50) n; ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
