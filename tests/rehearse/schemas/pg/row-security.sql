-- expect: moved
-- after: SELECT count(*) > 0 FROM tenants => True
-- Row security with policies for roles, permissive and restrictive, not forced.
CREATE ROLE staff; CREATE ROLE guest; CREATE TABLE tenants (id bigserial PRIMARY KEY, tenant text, v int); INSERT INTO tenants (tenant, v) SELECT 't' || n % 3, n FROM generate_series(1, 90) n;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; CREATE POLICY theirs ON tenants FOR SELECT TO staff, guest USING (tenant = current_setting('app.tenant', true)); CREATE POLICY low ON tenants AS RESTRICTIVE FOR UPDATE TO guest USING (v < 10) WITH CHECK (v < 20); GRANT SELECT ON tenants TO staff, guest;
