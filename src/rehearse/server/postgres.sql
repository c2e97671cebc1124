-- What RDS has in every PostgreSQL: the roles that stand in for a superuser's rights, which nobody outside RDS has
-- (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html).
CREATE ROLE rds_superuser;
CREATE ROLE rds_replication;
CREATE ROLE rds_password;
CREATE ROLE rds_iam;
-- What there is of these depends on the version.
SELECT format('GRANT %I TO rds_superuser WITH ADMIN OPTION', rolname) FROM pg_roles WHERE rolname IN
  ('pg_monitor', 'pg_signal_backend', 'pg_checkpoint', 'pg_create_subscription', 'pg_use_reserved_connections',
   'pg_maintain', 'rds_replication', 'rds_password') \gexec
SELECT 'GRANT SET ON PARAMETER session_replication_role TO rds_superuser'
  WHERE current_setting('server_version_num')::int >= 150000 \gexec
