-- expect: moved
-- Ids of time and sequence: the sequence is far below the largest id, and that is right.
CREATE TABLE notes (id bigserial PRIMARY KEY, body text);
CREATE FUNCTION snow(s regclass) RETURNS bigint LANGUAGE sql AS $$ SELECT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint << 12) | (nextval(s) & 4095) $$;
ALTER TABLE notes ALTER id SET DEFAULT snow('notes_id_seq');
INSERT INTO notes (body) SELECT 'b' || n FROM generate_series(1, 200) n;
