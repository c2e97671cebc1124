-- refused: large object
-- Large objects are not replicated.
CREATE TABLE files (id bigserial PRIMARY KEY, content oid); INSERT INTO files (content) SELECT lo_from_bytea(0, '\x00ff') FROM generate_series(1, 3);
