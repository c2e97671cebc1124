-- refused: sessions
-- refused: SET LOGGED
-- Unlogged tables are not replicated; a partition and a sequence neither.
CREATE UNLOGGED TABLE sessions (id text PRIMARY KEY, data jsonb); CREATE TABLE kept (id bigserial PRIMARY KEY); INSERT INTO sessions VALUES ('a', '{}');
