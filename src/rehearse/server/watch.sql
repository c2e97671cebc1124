-- RDS's own session, which nobody else can end. RDS lets members of rds_replication replicate; here the attribute does.
DO $$
DECLARE
  member name;
BEGIN
  FOR member IN SELECT rolname FROM pg_roles WHERE NOT rolreplication AND NOT rolsuper AND rolname !~ '^(pg|rds)_'
    AND pg_has_role(oid, 'rds_replication', 'member') LOOP
    EXECUTE format('ALTER ROLE %I REPLICATION', member);
  END LOOP;
END $$ \watch 0.02
