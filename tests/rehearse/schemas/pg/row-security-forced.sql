-- refused: rents
-- Row security that binds the owner too: a login without BYPASSRLS would copy only what it sees.
CREATE TABLE rents (id bigserial PRIMARY KEY, tenant text); ALTER TABLE rents ENABLE ROW LEVEL SECURITY; INSERT INTO rents (tenant) SELECT 't' || n % 3 FROM generate_series(1, 30) n; ALTER TABLE rents FORCE ROW LEVEL SECURITY; CREATE POLICY mine ON rents USING (tenant = current_setting('app.tenant', true));
